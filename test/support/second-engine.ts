import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const startMs = 60_000;

/**
 * A dockerd of the test's own, in a network namespace of its own, so that it can be restarted without
 * disturbing anybody. Disposing of it removes its processes, files, mounts and namespace. Root only.
 */
export class SecondEngine implements AsyncDisposable {
  /** A command that runs another one where this engine's published ports are. */
  readonly inside: readonly string[];
  /** What makes the docker client and mcpd use this engine. */
  readonly env: { readonly DOCKER_HOST: string };
  readonly #folder: string;
  readonly #namespace: string;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string, namespace: string) {
    this.#folder = folder;
    this.#namespace = namespace;
    this.inside = ['nsenter', `--net=/run/netns/${namespace}`];
    this.env = { DOCKER_HOST: `unix://${join(folder, 'docker.sock')}` };
  }

  static async open(): Promise<SecondEngine> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-engine-'));
    const namespace = `mcpd-engine-${randomBytes(3).toString('hex')}`;
    const engine = new SecondEngine(folder, namespace);
    await writeFile(join(folder, 'daemon.json'), '{}');
    execFileSync('ip', ['netns', 'add', namespace]);
    try {
      execFileSync('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
      await engine.start();
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async start(): Promise<void> {
    const path = (name: string) => join(this.#folder, name);
    // Mounts of its own, which end with it.
    const [file = '', ...args] = [...this.inside, 'unshare', '--mount', 'dockerd'];
    const flags = {
      'config-file': path('daemon.json'),
      'data-root': path('data'),
      'exec-root': path('exec'),
      pidfile: path('pid'),
      host: this.env.DOCKER_HOST,
      'containerd-namespace': this.#namespace,
      'containerd-plugins-namespace': `${this.#namespace}-plugins`,
    };
    for (const [flag, value] of Object.entries(flags)) args.push(`--${flag}=${value}`);
    const log = path('log');
    this.#daemon = spawn('sh', ['-c', `exec "$@" >>${log} 2>&1`, 'sh', file, ...args], {
      stdio: 'ignore',
      detached: true,
    });
    const end = Date.now() + startMs;
    while (!(await this.#answers())) {
      if (this.#daemon.exitCode !== null || Date.now() > end) {
        throw new Error(`dockerd does not start:\n${await readFile(log, 'utf8')}`);
      }
      await delay(100);
    }
  }

  /** Stops the daemon, and its containers with it. */
  async stop(): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const exited = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await exited;
    if (existsSync(join(this.#folder, 'pid'))) throw new Error('dockerd left its pid file');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Takes away what a reboot does beside run-time files: firewall and network devices. The daemon is stopped. */
  forgetNetwork(): void {
    this.run('nft', 'flush', 'ruleset');
    const devices = JSON.parse(this.run('ip', '-json', 'link')) as { ifname: string }[];
    for (const { ifname } of devices) if (ifname !== 'lo') this.run('ip', 'link', 'delete', ifname);
  }

  /** Runs a command where its ports are, and gives what it prints. */
  run(...command: readonly string[]): string {
    const [file = '', ...args] = [...this.inside, ...command];
    return execFileSync(file, args, { encoding: 'utf8' });
  }

  /** Copies images from the machine's engine. */
  async copyImages(references: readonly string[]): Promise<void> {
    const save = spawn('docker', ['save', ...references], { stdio: ['ignore', 'pipe', 'inherit'] });
    const env = { ...process.env, ...this.env };
    const load = spawn('docker', ['load', '--quiet'], {
      env,
      stdio: [save.stdout, 'ignore', 'inherit'],
    });
    const [code] = (await once(load, 'close')) as [number | null];
    if (code !== 0) throw new Error(`docker load exited with ${code}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    execFileSync('ip', ['netns', 'delete', this.#namespace]);
    await rm(this.#folder, { recursive: true });
  }

  async #answers(): Promise<boolean> {
    const env = { ...process.env, ...this.env };
    return promisify(execFile)('docker', ['version'], { env }).then(
      () => true,
      () => false,
    );
  }
}
