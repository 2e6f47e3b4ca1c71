import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Tenancy } from './tenancy.ts';

const socket = '/var/run/docker.sock';
/** No account has it, and no tenant gets it. */
const uid = 54_321;

/** Whether this process can become an account that may use the engine. */
export const canBeUnprivileged = process.getuid?.() === 0 && existsSync(socket);

/**
 * A home of an account that may use the engine and is nothing else: not root, no sudo, no name. Disposing
 * of it removes what is left.
 */
export class Unprivileged implements AsyncDisposable {
  /** Driven as that account. */
  readonly tenancy: Tenancy;
  /** Where the account may write; its run-time material is there too. */
  readonly folder: string;

  private constructor(tenancy: Tenancy, folder: string) {
    this.tenancy = tenancy;
    this.folder = folder;
  }

  static async open(): Promise<Unprivileged> {
    const tenancy = await Tenancy.open();
    const folder = mkdtempSync(join(tmpdir(), 'mcpd-account-'));
    for (const path of [folder, tenancy.home, join(tenancy.home, 'config.json')]) {
      chownSync(path, uid, uid);
    }
    // As in a container of a CI job, where nothing says who the account is.
    const env = { HOME: folder, XDG_RUNTIME_DIR: folder, SHELL: undefined };
    return new Unprivileged(tenancy.with({ env, inside: asAccount() }), folder);
  }

  /** Runs another program as the account, and gives what it prints. */
  async run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
    const [file = '', ...args] = [...asAccount(), ...argv];
    const options = { env: { ...this.tenancy.env, ...env }, cwd: this.folder };
    return (await promisify(execFile)(file, args, options)).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.tenancy[Symbol.asyncDispose]();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

function asAccount(): string[] {
  const ids = [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${statSync(socket).gid}`];
  return ['setpriv', ...ids, '--no-new-privs', '--'];
}
