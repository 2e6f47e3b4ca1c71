import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveHome } from '../../src/config/home.ts';

const launcher = join(import.meta.dirname, '../../bin/run.js');
/** CI runs the command line on other versions of Node than the tools. */
const node = process.env['TEST_NODE'] ?? process.execPath;

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

/** What `--json` prints when a command fails, and how it ended. */
export interface Failure {
  readonly exit: number;
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

export interface TenancyOptions {
  /** Added to the environment of every command. */
  readonly env?: NodeJS.ProcessEnv;
  /** A command that runs another one elsewhere, such as in a network namespace. */
  readonly inside?: readonly string[];
}

/**
 * One home of its own on the real engine, driven by the real command line. `await using` removes
 * everything that was made in it, and fails when something stays.
 */
export class Tenancy implements AsyncDisposable {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #inside: readonly string[];

  private constructor(home: string, { env, inside = [] }: TenancyOptions) {
    this.home = home;
    this.env = { ...process.env, MCPD_HOME: home, NO_COLOR: '1', ...env };
    this.#inside = inside;
  }

  /** `config` is the home's settings file: its content, or its very text. */
  static async open(config: object | string = {}, options: TenancyOptions = {}): Promise<Tenancy> {
    const home = await mkdtemp(join(tmpdir(), 'mcpd-test-'));
    await mkdir(home, { recursive: true });
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    await writeFile(join(home, 'config.json'), text, { mode: 0o600 });
    return new Tenancy(home, options);
  }

  /** The same home under other circumstances. Only the first one is disposed of. */
  with(options: TenancyOptions): Tenancy {
    return new Tenancy(this.home, options);
  }

  /** Runs `mcpd` with these arguments, to its end. */
  async run(args: readonly string[], input = ''): Promise<Run> {
    const child = this.start(args);
    // One that ends at once reads none of it.
    child.stdin?.on('error', () => undefined);
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
    const { code, stdout, stderr } = await this.run(asJson(args), input);
    if (code !== 0)
      throw new Error(`mcpd ${args.join(' ')} exited with ${code}\n${stdout}${stderr}`);
    return JSON.parse(stdout) as Result;
  }

  /** Runs a command that must fail, and gives its `--json` error document. */
  async fails(args: readonly string[], input = ''): Promise<Failure> {
    const { code: exit, stdout, stderr } = await this.run(asJson(args), input);
    if (exit === 0) throw new Error(`mcpd ${args.join(' ')} did not fail\n${stdout}${stderr}`);
    const { error } = JSON.parse(stdout) as { error: Omit<Failure, 'exit'> };
    return { exit, ...error };
  }

  addUser(name: string, ...flags: string[]): Promise<AddedUser> {
    return this.json<AddedUser>(['user', 'add', name, ...flags]);
  }

  start(args: readonly string[]): ChildProcess {
    const [file = '', ...rest] = [...this.#inside, node, launcher, ...args];
    return spawn(file, rest, { env: this.env, cwd: this.home });
  }

  /** The instance label of this home's objects. */
  async instance(): Promise<string> {
    const { DatabaseSync } = await import('node:sqlite');
    using db = new DatabaseSync(join(this.home, 'registry.db'), {
      readOnly: true,
      timeout: 10_000,
    });
    return String(db.prepare("SELECT value FROM meta WHERE key = 'instance'").get()?.['value']);
  }

  /** Runs the docker client against this home's engine; throws when it fails. */
  async docker(...args: readonly string[]): Promise<string> {
    const options = { env: this.env, maxBuffer: 64 * 2 ** 20 };
    const { stdout } = await promisify(execFile)('docker', args, options);
    return stdout.trim();
  }

  /** Id of a server's container; throws when there is none. */
  async containerOf(user: string, server: string): Promise<string> {
    const labels = { instance: await this.instance(), user, server };
    const filters = Object.entries(labels).flatMap(([label, value]) => [
      '--filter',
      `label=mcpd.${label}=${value}`,
    ]);
    const id = await this.docker('ps', '-aq', '--no-trunc', ...filters);
    if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`${user}/${server} has no container: "${id}"`);
    return id;
  }

  /** Where this home's run-time material is. */
  async runtime(): Promise<string> {
    const { runtime } = resolveHome(this.env, process.getuid?.() ?? 0);
    return join(runtime, await this.instance());
  }

  /** Containers and networks with this home's label. */
  async objects(): Promise<string[]> {
    const filter = `label=mcpd.instance=${await this.instance()}`;
    const containers = await this.docker('ps', '-aq', '--filter', filter);
    const networks = await this.docker('network', 'ls', '-q', '--filter', filter);
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
    if (existsSync(await this.runtime())) left.push(await this.runtime());
    if (left.length > 0) throw new Error(`left behind: ${left.join(' ')}`);
  }
}

/** What follows "--" is another program's. */
function asJson(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return [...args.slice(0, end), '--json', ...args.slice(end)];
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
