import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { EngineError } from '../errors.ts';

export interface NftAnswer {
  /** Exit code; undefined when nft could not be started. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs nft, or its like, with these arguments; `input` is its standard input, one transaction under `-f -`. */
export type Nft = (args: readonly string[], input?: string) => Promise<NftAnswer>;

/**
 * The host's own nft, also when `sbin` is not on the caller's PATH. `prefix` is a command that runs it
 * elsewhere, such as in another network namespace.
 */
export function systemNft(
  env: NodeJS.ProcessEnv = process.env,
  prefix: readonly string[] = [],
): Nft {
  return systemTool(env, [...prefix, 'nft']);
}

/** The same for another command. */
export function systemTool(env: NodeJS.ProcessEnv, [file = '', ...first]: readonly string[]): Nft {
  const path = `${env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return async (args, input = '') => {
    const child = spawn(file, [...first, ...args], { env: { PATH: path, LC_ALL: 'C' } });
    const ended = new Promise<number | undefined>((resolve) => {
      child.once('error', () => resolve(undefined));
      child.once('close', (code) => resolve(code ?? 1));
    });
    // nft may end before it has read everything; its exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const [code, stdout, stderr] = await Promise.all([
      ended,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  };
}

/** One atomic transaction. */
export function transact(nft: Nft, commands: readonly string[]): Promise<NftAnswer> {
  return nft(['-f', '-'], `${commands.join('\n')}\n`);
}

/** The kernel refused, or nft can't be run; nothing was changed. */
export class FirewallError extends EngineError {
  constructor(doing: string, answer: NftAnswer) {
    const [reason] = answer.stderr.trim().split('\n');
    super(
      answer.code === undefined
        ? `Could not ${doing}: nft is not installed.`
        : `Could not ${doing}: ${reason || `nft ended with ${answer.code}`}.`,
      {
        code: 'FIREWALL_FAILED',
        suggestions: [
          answer.code === undefined ? 'install nftables' : 'mcpd doctor',
          'mcpd config set firewall off (tenants then reach this host and its networks)',
        ],
      },
    );
  }
}
