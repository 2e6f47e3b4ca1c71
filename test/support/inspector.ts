import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const version = '2.12.0';
const run = promisify(execFile);

/** The official inspector's command line, installed for these tests; disposing of it removes it. */
export class Inspector implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async install(): Promise<Inspector> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-inspector-'));
    const wanted = `@modelcontextprotocol/inspector@${version}`;
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, wanted]);
    return new Inspector(folder);
  }

  /** Asks a server as a person would on the command line; gives the result. */
  async ask(url: string, token: string, ...args: string[]): Promise<Record<string, unknown>> {
    const program = join(this.#folder, 'node_modules/.bin/mcp-inspector');
    const header = `Authorization: Bearer ${token}`;
    const { stdout } = await run(
      process.execPath,
      [program, '--cli', url, '--transport', 'http', '--header', header, ...args],
      // Its own settings and saved sessions stay out of the account's home.
      { env: { ...process.env, HOME: this.#folder }, maxBuffer: 2 ** 24 },
    );
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
