import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { onePerHost } from '../../src/image/once.ts';

/** Where a program is, of several that would do; undefined: on no PATH. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path));
}

/** Installs a Debian package. Needs root. */
export function installPackage(name: string): Promise<void> {
  return onePerHost(`test-${name}`, { maxWaitMs: 300_000, onWait: () => undefined }, async () => {
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', name]);
  });
}

/**
 * The folder of a Debian package's files, which is downloaded and unpacked but not installed: nothing of
 * it is started, no account is made.
 */
export async function unpackPackage(name: string): Promise<string> {
  const folder = join(homedir(), '.cache/mcpd-test-packages');
  const place = join(folder, name);
  const wait = { maxWaitMs: 300_000, onWait: () => undefined };
  await onePerHost(`test-${name}`, wait, async () => {
    if (existsSync(place)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const draft = mkdtempSync(join(folder, 'draft-'));
    try {
      try {
        apt(['download', name], draft);
      } catch {
        apt(['update']);
        apt(['download', name], draft);
      }
      const file = readdirSync(draft).find((one) => one.endsWith('.deb')) ?? '';
      run('dpkg-deb', ['-x', join(draft, file), join(draft, 'files')]);
      renameSync(join(draft, 'files'), place);
    } finally {
      rmSync(draft, { recursive: true });
    }
  });
  return place;
}

function apt(args: readonly string[], cwd = '/'): void {
  run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', ...args], cwd);
}

function run(program: string, args: readonly string[], cwd = '/'): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const { status, stderr } = spawnSync(program, args, { env, cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stderr}`);
}
