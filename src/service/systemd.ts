import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { xdgFolder } from '../host/account-folder.ts';

/** The manager of units: of the machine as root, of one's account otherwise. */
export interface Systemd {
  readonly manager: 'system' | 'user';
  /** It runs here, so units can be loaded, and not only written. */
  readonly isRunning: boolean;
  /** Runs systemctl and gives its output. Throws ServiceError. */
  call(args: readonly string[]): Promise<string>;
}

/** systemctl failed; what it said is in the message. */
class ServiceError extends EngineError {
  constructor(args: readonly string[], stderr: string) {
    const reason = stderr.trim().split('\n').at(-1) || 'it said nothing';
    super(`systemctl ${args[0] ?? ''} failed: ${reason}`, {
      code: 'SYSTEMD_FAILED',
      suggestions: ['mcpd service status'],
    });
  }
}

export function hostSystemd({ uid, env }: { uid: number; env: NodeJS.ProcessEnv }): Systemd {
  const manager = uid === 0 ? 'system' : 'user';
  // Both are there exactly while that manager runs; systemctl itself may be installed without one.
  const socket = join(xdgFolder(env, 'XDG_RUNTIME_DIR') ?? '/nowhere', 'systemd/private');
  const isRunning = existsSync(manager === 'system' ? '/run/systemd/system' : socket);
  return { manager, isRunning, call: (args) => systemctl(manager, env, args) };
}

async function systemctl(
  manager: Systemd['manager'],
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<string> {
  const argv = [`--${manager}`, '--no-pager', ...args];
  const child = spawn('systemctl', argv, {
    env: { ...env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new ServiceError(args, stderr);
  return stdout;
}
