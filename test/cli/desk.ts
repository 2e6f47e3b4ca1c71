import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { resolveHome } from '../../src/config/home.ts';
import { hostConfigSchema } from '../../src/config/schema.ts';
import { openRegistry } from '../../src/registry/database.ts';
import { addServer } from '../../src/registry/servers.ts';
import { addUser, getUser } from '../../src/registry/users.ts';

export const launcher = join(import.meta.dirname, '../../bin/run.js');

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A home of mcpd and a home of a person, in one temporary folder, and no engine. */
export class Desk implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
  readonly env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: this.folder,
    MCPD_HOME: join(this.folder, 'mcpd'),
    DOCKER_HOST: 'unix:///nowhere/docker.sock',
    NO_COLOR: '1',
  };

  /** Makes users with servers in the registry, as `user add` would; nothing runs. */
  addUsers(...names: readonly string[]): void {
    const home = resolveHome(this.env, process.getuid?.() ?? 0);
    const registry = openRegistry(home);
    try {
      for (const name of names) {
        const request = { name, limits: {}, egress: { profile: 'public' as const } };
        const config = hostConfigSchema.parse({});
        const world = { config, isPortFree: () => true, takenSubnets: [], takenUids: [] };
        const user = addUser(registry, request, world);
        addServer(registry, { user, name: 'memory', template: 'memory', isPortFree: () => true });
      }
    } finally {
      registry.close();
    }
  }

  /** Adds a server to a user's row, as `server add` would. */
  addServer(userName: string, template: string): void {
    using registry = openRegistry(resolveHome(this.env, process.getuid?.() ?? 0));
    const user = getUser(registry, userName);
    addServer(registry, { user, name: template, template, isPortFree: () => true });
  }

  start(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [launcher, ...args], { env: this.env, cwd: this.folder });
  }

  /** A shell command in which `"$0" "$@"` is mcpd. */
  shell(command: string): ChildProcess {
    const script = `set -o pipefail; ${command}`;
    const argv = ['-c', script, process.execPath, launcher];
    return spawn('bash', argv, { env: this.env, cwd: this.folder });
  }

  async run(args: readonly string[], input = ''): Promise<Run> {
    const child = this.start(args);
    child.stdin?.end(input);
    return ended(child);
  }

  /** The `--json` document of a command, whatever its exit code. */
  async json<Result>(args: readonly string[], input = ''): Promise<Result> {
    const { stdout } = await this.run([...args, '--json'], input);
    return JSON.parse(stdout) as Result;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a process printed, and how it ended. */
export async function ended(child: ChildProcess): Promise<Run> {
  const [stdout, stderr, code] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, stdout, stderr };
}
