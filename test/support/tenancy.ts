import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const launcher = join(import.meta.dirname, '../../bin/run.js');

/** What one run of the command line gave. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface AddedUser {
  readonly changed: boolean;
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly uid: number;
    readonly ports: { readonly start: number; readonly end: number };
    readonly network: { readonly name: string; readonly subnet: string };
    readonly workspace: string;
  };
  readonly servers: readonly {
    readonly name: string;
    readonly port: number;
    readonly url: string;
    readonly state: string;
    readonly ready: boolean;
  }[];
  readonly token: string;
}

/**
 * One home of its own on the real engine, driven by the real command line. `await using` removes
 * everything that was made in it, and fails when something stays.
 */
export class Tenancy implements AsyncDisposable {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(home: string) {
    this.home = home;
    this.env = { ...process.env, MCPD_HOME: home, NO_COLOR: '1' };
  }

  /** `config` is the home's settings file, as users would write it. */
  static async open(config: object = {}): Promise<Tenancy> {
    const home = await mkdtemp(join(tmpdir(), 'mcpd-test-'));
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'config.json'), JSON.stringify(config), { mode: 0o600 });
    return new Tenancy(home);
  }

  /** Runs `mcpd` with these arguments, to its end. */
  async run(args: readonly string[], input = ''): Promise<Run> {
    const child = this.start(args);
    child.stdin?.end(input);
    const [stdout, stderr, code] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1))),
    ]);
    return { code, stdout, stderr };
  }

  /** Runs a command that must succeed, and gives its `--json` document. */
  async json<Result>(args: readonly string[], input = ''): Promise<Result> {
    const { code, stdout, stderr } = await this.run([...args, '--json'], input);
    if (code !== 0)
      throw new Error(`mcpd ${args.join(' ')} exited with ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Result;
  }

  addUser(name: string, ...flags: string[]): Promise<AddedUser> {
    return this.json<AddedUser>(['user', 'add', name, ...flags]);
  }

  start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [launcher, ...args], { env: this.env, cwd: this.home });
  }

  /** The instance label of this home's objects. */
  async instance(): Promise<string> {
    const { DatabaseSync } = await import('node:sqlite');
    using db = new DatabaseSync(join(this.home, 'registry.db'), { readOnly: true });
    return String(db.prepare("SELECT value FROM meta WHERE key = 'instance'").get()?.['value']);
  }

  /** Containers and networks with this home's label. */
  async objects(): Promise<string[]> {
    const filter = `label=mcpd.instance=${await this.instance()}`;
    const containers = await docker('ps', '-aq', '--filter', filter);
    const networks = await docker('network', 'ls', '-q', '--filter', filter);
    return [...containers.split('\n'), ...networks.split('\n')].filter((id) => id !== '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#removeUsers();
    } finally {
      await rm(this.home, { recursive: true, force: true });
    }
  }

  async #removeUsers(): Promise<void> {
    if (!(await readdir(this.home)).includes('registry.db')) return;
    const { users } = await this.json<{ users: { name: string }[] }>(['user', 'list']);
    await Promise.all(
      users.map(({ name }) => this.json(['user', 'remove', name, '--purge', '--yes'])),
    );
    const left = await this.objects();
    if (left.length > 0) throw new Error(`left on the engine: ${left.join(' ')}`);
  }
}

/** Runs the docker client; throws when it fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 * 2 ** 20 });
  return stdout.trim();
}

async function collect(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
