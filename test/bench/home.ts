import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveHome } from '../../src/config/home.ts';
import { hostConfigSchema } from '../../src/config/schema.ts';
import { openRegistry } from '../../src/registry/database.ts';
import { addServer } from '../../src/registry/servers.ts';
import { addUser, updateUser } from '../../src/registry/users.ts';

const launcher = join(import.meta.dirname, '../../bin/run.js');

/** A home of its own, and the command line on it. Its folder goes at the end of the `using` scope. */
export class BenchHome implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'mcpd-bench-'));
  readonly #env = { ...process.env, MCPD_HOME: this.root, NO_COLOR: '1' };

  /** `settings` is what its `config.json` says. */
  constructor(settings: object = {}) {
    writeFileSync(join(this.root, 'config.json'), JSON.stringify(settings), { mode: 0o600 });
  }

  /** Runs a command to its end, which must be 0 or another of `codes`; gives its stdout. */
  run(args: readonly string[], { codes = [0], input = '' } = {}): string {
    const options = { env: this.#env, encoding: 'utf8', maxBuffer: 2 ** 26, input } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], options);
    if (status === null || !codes.includes(status)) {
      throw new Error(`mcpd ${args.join(' ')} ended with ${status}\n${stderr}`);
    }
    return stdout;
  }

  /** Most memory (RSS) that a command had at once, which the kernel counts. */
  peakMemoryMib(args: readonly string[]): number {
    const print = 'process.on("exit", () => console.error(process.resourceUsage().maxRSS))';
    const preload = ['--import', `data:text/javascript,${encodeURIComponent(print)}`];
    const argv = [...preload, launcher, ...args];
    const { status, stderr } = spawnSync(process.execPath, argv, {
      env: this.#env,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    if (status !== 0) throw new Error(`mcpd ${args.join(' ')} ended with ${status}\n${stderr}`);
    return Number(stderr.trim().split('\n').at(-1)) / 1024;
  }

  json<Result>(args: readonly string[]): Result {
    return JSON.parse(this.run([...args, '--json'])) as Result;
  }

  /** Writes this many users with one server each into the registry; nothing runs. With `down` nothing should. */
  fill(count: number, { down = false } = {}): void {
    const home = resolveHome({ MCPD_HOME: this.root }, process.getuid?.() ?? 0);
    const isPortFree = () => true;
    const config = hostConfigSchema.parse({ ports: { start: 20_000, end: 49_999 } });
    const world = { config, isPortFree, takenSubnets: [], takenUids: [] };
    using registry = openRegistry(home);
    // In one transaction, since each waits for the disk.
    registry.transaction(() => {
      for (let index = 0; index < count; index += 1) {
        const name = `user-${index}`;
        const user = addUser(registry, { name, limits: {}, egress: { profile: 'public' } }, world);
        addServer(registry, { user, name: 'filesystem', template: 'filesystem', isPortFree });
        if (down) updateUser(registry, user.id, { down });
      }
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
