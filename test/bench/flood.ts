import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Target } from './echo-clients.ts';
import { stop } from './running.ts';

/** Clients that call one user's server without end. */
interface Flood extends AsyncDisposable {
  readonly pid: number;
  /** Lets them call for as long as something is measured; they are frozen otherwise. */
  during<Result>(measure: () => Promise<Result>): Promise<Result>;
}

const script = join(import.meta.dirname, 'flood-main.ts');

/** Opens their sessions and freezes them. On no tenant's account, they run at the lowest priority. */
export async function startFlood({ port, token = 'none' }: Target): Promise<Flood> {
  const flood = spawn('nice', ['-n', '19', process.execPath, script, `${port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  flood.stdin.end(token);
  const ended = once(flood, 'exit').then(() => {
    throw new Error(`the flood of port ${port} ended`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(flood.stdout, 'data'), ended]);
  const { pid } = flood;
  if (pid === undefined) throw new Error('the flood did not start');
  flood.kill('SIGSTOP');
  return {
    pid,
    during: async (measure) => {
      flood.kill('SIGCONT');
      try {
        return await Promise.race([measure(), ended]);
      } finally {
        flood.kill('SIGSTOP');
      }
    },
    [Symbol.asyncDispose]: async () => {
      flood.kill('SIGCONT');
      await stop(flood);
    },
  };
}
