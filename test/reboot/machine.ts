import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ToolCall } from '../support/call-tool.ts';
import { docker } from '../support/tenancy.ts';
import { debianImage } from './debian-image.ts';

const checkout = join(import.meta.dirname, '../..');
const modules = '/usr/local/lib/node_modules';
const stateMs = 120_000;

/** What systemd and an engine need. Not all there are, so not --privileged: the machine itself may lack some. */
const capabilities = [
  'DAC_READ_SEARCH',
  'IPC_LOCK',
  'LINUX_IMMUTABLE',
  'NET_ADMIN',
  'SYSLOG',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_PTRACE',
];

/** Makes writable what an engine's engine needs, gives it devices for file systems, and becomes systemd. */
const boot = `
mount -o remount,rw /sys
for one in $(find /sys/fs/cgroup -maxdepth 1); do
  if mountpoint -q $one; then mount -o remount,bind,rw $one; fi
done
mknod /dev/loop-control c 10 237
for one in $(seq 0 63); do mknod /dev/loop$one b 7 $one; done
exec /sbin/init`;

/** An account of the machine. */
export interface Account {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

const root: Account = { name: 'root', env: {} };

/**
 * A Debian that runs a real systemd, an engine of its own, and mcpd from its npm package. Its reboots are
 * real ones: /run is empty, nothing is mounted, there are no rules, and everything starts anew.
 */
export class Machine implements AsyncDisposable {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  static async open(): Promise<Machine> {
    const machine = new Machine(`mcpd-machine-${randomBytes(4).toString('hex')}`);
    const folders = ['/run', '/run/lock', '/tmp:exec'].map((folder) => `--tmpfs=${folder}`);
    const options = [
      ...capabilities.map((one) => `--cap-add=${one}`),
      ...['seccomp', 'apparmor', 'systempaths'].map((one) => `--security-opt=${one}=unconfined`),
      '--device-cgroup-rule=a *:* rwm',
      '--cgroupns=private',
      '--restart=always',
      '--volume=/var/lib/docker',
      ...folders,
    ];
    const command = [await debianImage(), 'sh', '-c', boot];
    await docker('run', '--detach', `--name=${machine.#name}`, ...options, ...command);
    try {
      await machine.isUp();
      await machine.#installPackage();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a command there, to its end; gives what it prints. Throws when it fails. */
  async run(command: readonly string[], { name, env }: Account = root): Promise<string> {
    const variables = Object.entries(env).map(([key, value]) => `--env=${key}=${value}`);
    const exec = ['exec', `--user=${name}`, ...variables, this.#name, ...command];
    return await docker(...exec).catch((error: Error & { stdout?: string }) => {
      throw new Error(`${error.message}${error.stdout ?? ''}`, { cause: error });
    });
  }

  /** Runs `mcpd` there, and gives its `--json` document. */
  async mcpd<Result>(args: readonly string[], account = root): Promise<Result> {
    return JSON.parse(await this.run(['mcpd', ...args, '--json'], account)) as Result;
  }

  systemctl(...args: readonly string[]): Promise<string> {
    return this.run(['systemctl', ...args]);
  }

  /** Makes an account with a manager of units that runs from boot on. */
  async addAccount(name: string): Promise<Account> {
    await this.run(['useradd', '--create-home', '--groups=docker', name]);
    await this.run(['loginctl', 'enable-linger', name]);
    const uid = await this.run(['id', '-u', name]);
    return { name, env: { HOME: `/home/${name}`, XDG_RUNTIME_DIR: `/run/user/${uid}` } };
  }

  /** Copies a file or folder to there, as root's. */
  async copy(from: string, to: string): Promise<void> {
    await docker('cp', from, `${this.#name}:${to}`);
  }

  async copyImages(references: readonly string[]): Promise<void> {
    const save = spawn('docker', ['save', ...references], { stdio: ['ignore', 'pipe', 'inherit'] });
    const load = spawn('docker', ['exec', '-i', this.#name, 'docker', 'load', '--quiet'], {
      stdio: [save.stdout, 'ignore', 'inherit'],
    });
    const [code] = (await once(load, 'close')) as [number | null];
    if (code !== 0) throw new Error(`docker load exited with ${code}`);
  }

  /** As an administrator does it; ends when everything that is to start has started, or failed. */
  async reboot(): Promise<void> {
    const before = await this.#inspect('{{.State.StartedAt}}');
    // It may end before the answer is here.
    await this.systemctl('reboot').catch(() => undefined);
    await until(async () => (await this.#inspect('{{.State.StartedAt}}')) !== before);
    await this.isUp();
  }

  /** Waits until nothing is about to start or stop; gives systemd's word for how it went. */
  async isUp(): Promise<string> {
    // Before systemd listens there is nobody to ask.
    const ask = ['sh', '-c', 'systemctl is-system-running || true'];
    let state = '';
    await until(async () => {
      state = await this.run(ask).catch(() => '');
      return state === 'running' || state === 'degraded';
    });
    await until(async () => (await this.systemctl('list-jobs', '--no-legend')) === '');
    return state;
  }

  /** A client there. */
  async call(what: ToolCall): Promise<string> {
    const pid = await this.#inspect('{{.State.Pid}}');
    const program = join(checkout, 'test/support/call-tool.ts');
    const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, program]);
    child.stdin.end(JSON.stringify(what));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    if (stdout === '') throw new Error(stderr);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker('rm', '--force', '--volumes', this.#name);
  }

  #inspect(format: string): Promise<string> {
    return docker('inspect', `--format=${format}`, this.#name);
  }

  /** As `npm install --global` of the packed tarball leaves it. */
  async #installPackage(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'mcpd-pack-'));
    try {
      const pack = ['pack', '--silent', '--ignore-scripts', `--pack-destination=${folder}`];
      const { stdout } = await promisify(execFile)('npm', pack, { cwd: checkout });
      await mkdir(join(folder, 'mcpd'));
      const unpack = ['-xf', join(folder, stdout.trim()), '-C', join(folder, 'mcpd')];
      await promisify(execFile)('tar', [...unpack, '--strip-components=1']);
      await this.copy(process.execPath, '/usr/local/bin/node');
      await this.run(['mkdir', '-p', modules]);
      await this.copy(join(folder, 'mcpd'), modules);
      await this.run(['ln', '-s', `${modules}/mcpd/bin/run.js`, '/usr/local/bin/mcpd']);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + stateMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`the machine is not so after ${stateMs / 1000} seconds`);
    await delay(200);
  }
}
