import type { ClientName } from '../connect/clients.ts';
import type { ConnectRequest, TokenChoice } from '../connect/connect.ts';
import { UsageError } from '../errors.ts';
import { accountFolder } from '../host/account-folder.ts';
import { readValue } from './read-value.ts';

interface Flags {
  readonly server?: string | undefined;
  readonly client?: ClientName | undefined;
  readonly write: boolean;
  readonly file?: string | undefined;
  readonly 'new-token': boolean;
  readonly token?: string | undefined;
  readonly 'token-stdin': boolean;
}

interface World {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** The flags of `mcpd connect` as what it does. Throws UsageError for a token on the command line. */
export async function connectInput(
  flags: Flags,
  world: World,
): Promise<Omit<ConnectRequest, 'userName'>> {
  const { client, write, file } = flags;
  return {
    serverName: flags.server,
    client,
    token: await readTokenFlags(flags, world),
    write: write && client ? { client, file } : undefined,
    desktop: { home: accountFolder() ?? '/', platform: process.platform, env: world.env },
  };
}

async function readTokenFlags(flags: Flags, { signal }: World): Promise<TokenChoice> {
  const { token: from } = flags;
  if (flags['new-token']) return { kind: 'new' };
  if (from === undefined && !flags['token-stdin']) return { kind: 'placeholder' };
  if (from !== undefined && !from.startsWith('@')) throw tokenOnCommandLine();
  const bytes = await readValue({
    from: flags['token-stdin'] ? '-' : from,
    label: 'Token',
    signal,
  });
  return { kind: 'given', bytes };
}

function tokenOnCommandLine(): UsageError {
  return new UsageError('--token takes @FILE, never the token itself.', {
    code: 'TOKEN_ON_COMMAND_LINE',
    suggestions: ['--token @/path/to/file', '--token-stdin, to read it from stdin'],
  });
}
