import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { onePerHost } from '../../src/image/once.ts';
import { installPackage } from '../support/debian.ts';
import { docker } from '../support/tenancy.ts';

const run = promisify(execFile);

const packages = [
  'ca-certificates',
  'dbus',
  'dbus-user-session',
  'docker.io',
  'e2fsprogs',
  'iptables',
  'libpam-systemd',
  'libstdc++6',
  'nftables',
  'systemd-sysv',
];

/**
 * Reference of an image with a whole Debian, the release and the mirrors of this machine: systemd, Docker,
 * nftables. It is made once, in minutes, and kept.
 */
export async function debianImage(): Promise<string> {
  const release = await codename();
  const hash = createHash('sha256')
    .update(JSON.stringify([release, packages]))
    .digest('hex');
  const reference = `mcpd-test/debian:${hash.slice(0, 12)}`;
  const wait = { maxWaitMs: 600_000, onWait: () => undefined };
  await onePerHost('test-debian-image', wait, async () => {
    if ((await docker('image', 'ls', '-q', reference)) !== '') return;
    await installPackage('mmdebstrap');
    await make(reference, release);
  });
  return reference;
}

async function codename(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const [, name] = /^VERSION_CODENAME=(\w+)$/m.exec(text) ?? [];
  if (name !== undefined && /^ID=debian$/m.test(text) && process.getuid?.() === 0) return name;
  throw new Error('This needs root on a Debian, whose packages make the machine that is booted.');
}

async function make(reference: string, release: string): Promise<void> {
  const args = ['--variant=minbase', `--include=${packages.join(',')}`, release, '-', '-'];
  const tree = spawn('mmdebstrap', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const load = spawn('docker', ['import', '-', reference], {
    stdio: [tree.stdout, 'ignore', 'inherit'],
  });
  tree.stdin.end(await sources());
  let log = '';
  tree.stderr.on('data', (chunk) => (log += String(chunk)));
  const ended = await Promise.all([once(tree, 'exit'), once(load, 'close')]);
  if (ended.every(([code]) => code === 0)) return;
  await docker('image', 'rm', '--force', reference).catch(() => undefined);
  throw new Error(`no Debian could be installed:\n${log}`);
}

/** The machine's own, of Debian. */
async function sources(): Promise<string> {
  const format = '$(ORIGIN) deb $(REPO_URI) $(RELEASE) $(COMPONENT)';
  const { stdout } = await run('apt-get', [
    'indextargets',
    '--format',
    format,
    'Created-By: Packages',
  ]);
  const lines = stdout.split('\n').filter((line) => line.startsWith('Debian '));
  return lines.map((line) => `${line.slice('Debian '.length)}\n`).join('');
}
