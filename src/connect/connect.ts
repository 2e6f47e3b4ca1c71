import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { serverUrl } from '../reconcile/bridge-config.ts';
import type { Server, User } from '../registry/rows.ts';
import { getServer, listServers } from '../registry/servers.ts';
import { getUser } from '../registry/users.ts';
import { createUserToken } from '../tokens/change.ts';
import { clientNames, clients, type Address, type ClientName, type Desktop } from './clients.ts';
import { renderBlock } from './block.ts';
import { readClientFile, writeClientFile, type ClientFile } from './client-file.ts';
import { editJson } from './edit-json.ts';
import { editToml } from './edit-toml.ts';
import { readToken } from './given-token.ts';
import type { ConnectResult } from './result.ts';

export interface ConnectRequest {
  readonly userName: string;
  /** Undefined: all of the user's. */
  readonly serverName: string | undefined;
  /** Undefined: all, unless something is written. */
  readonly client: ClientName | undefined;
  readonly token: TokenChoice;
  /** Where to write; undefined: nothing is. `file` overrides the client's own. */
  readonly write: { readonly client: ClientName; readonly file: string | undefined } | undefined;
  readonly desktop: Desktop;
}

export type TokenChoice =
  | { readonly kind: 'placeholder' }
  | { readonly kind: 'given'; readonly bytes: Uint8Array }
  | { readonly kind: 'new' };

const placeholder = '<token>';

/**
 * What a client has to be told to reach a user's servers; with `write`, also puts it into the client's
 * file. A token that was written is not repeated. Throws NotFoundError, and UsageError for a token or
 * a file that isn't valid, before anything is changed.
 */
export async function connect(context: Context, request: ConnectRequest): Promise<ConnectResult> {
  const { registry, config } = context;
  const user = getUser(registry, request.userName);
  const servers = chooseServers(context, user, request.serverName);
  const addresses = (token: string): Address[] =>
    servers.map(({ name, port }) => ({
      name: `${user.name}-${name}`,
      url: serverUrl(config, port),
      authorization: `Bearer ${token}`,
    }));

  const target = request.write && (await openTarget(context, request.write, request.desktop));
  // Tried before a token is made for it.
  if (target) edit(target, addresses(placeholder));
  const token = await obtainToken(context, { user, servers }, request);
  const text = target && edit(target, addresses(token));
  const isChanged = target !== undefined && text !== target.file.text;
  if (target && text !== undefined && isChanged) await writeClientFile(target.file, text);

  const shown = target ? placeholder : token;
  const names = request.client ? [request.client] : clientNames;
  return {
    changed: isChanged || request.token.kind === 'new',
    user: user.name,
    servers: addresses(shown).map(({ name, url }, index) => ({
      name,
      server: `${user.name}/${servers[index]?.name}`,
      url,
    })),
    header: { name: 'Authorization', value: `Bearer ${shown}` },
    token: target ? 'written' : tokenStates[request.token.kind],
    clients: names.map((client) => ({
      client,
      title: clients[client].title,
      file: clients[client].file(request.desktop),
      block: renderBlock(clients[client], addresses(shown)),
    })),
    written: target ? { file: target.file.path, changed: isChanged } : null,
  };
}

const tokenStates = { placeholder: 'placeholder', given: 'given', new: 'created' } as const;

function chooseServers(
  { registry }: Context,
  user: User,
  serverName: string | undefined,
): readonly Server[] {
  if (serverName !== undefined) return [getServer(registry, user.id, serverName)];
  return listServers(registry, user.id);
}

interface Target {
  readonly client: ClientName;
  readonly file: ClientFile;
}

async function openTarget(
  { uid }: Context,
  { client, file }: NonNullable<ConnectRequest['write']>,
  desktop: Desktop,
): Promise<Target> {
  return { client, file: await readClientFile(file ?? clients[client].file(desktop), uid) };
}

function edit({ client, file }: Target, addresses: readonly Address[]): string {
  const { format, root, entry } = clients[client];
  const entries = new Map(addresses.map((address) => [address.name, entry(address)]));
  const request = { text: file.text, file: file.path, root, entries };
  return format === 'toml' ? editToml(request) : editJson(request);
}

async function obtainToken(
  context: Context,
  { user, servers }: { user: User; servers: readonly Server[] },
  { token, write, client }: ConnectRequest,
): Promise<string> {
  if (token.kind === 'given') return readToken(context.registry, { user, servers }, token.bytes);
  if (token.kind === 'new') {
    const name = { like: client ?? 'connect' };
    return (await createUserToken(context, { userName: user.name, name })).value;
  }
  if (!write) return placeholder;
  throw new UsageError('To write, a token is needed; earlier ones can’t be shown again.', {
    code: 'TOKEN_NEEDED',
    suggestions: ['Make one: --new-token', 'Give one: --token @FILE or --token-stdin'],
  });
}
