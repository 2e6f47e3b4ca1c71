import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { launcher } from './desk.ts';

const nobody = { uid: 65_534, gid: 65_534 };

// Whoever can write there can run code as the account whose cache it is.
describe.runIf(process.getuid?.() === 0)('the cache of compiled code', () => {
  /** Runs a command as another account whose cache folder has this mode; undefined: it has none yet. */
  async function cacheAfterRun(mode?: number) {
    const home = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    chownSync(home, nobody.uid, nobody.gid);
    const cache = join(home, 'mcpd');
    if (mode !== undefined) {
      mkdirSync(cache);
      chownSync(cache, nobody.uid, nobody.gid);
      chmodSync(cache, mode);
    }
    const env = { HOME: home, XDG_CACHE_HOME: home, MCPD_HOME: join(home, 'state') };
    await promisify(execFile)(process.execPath, [launcher, 'template', 'list'], { ...nobody, env });
    return { mode: statSync(cache).mode & 0o777, isUsed: readdirSync(cache).length > 0 };
  }

  test('is its owner’s alone', async () => {
    expect(await cacheAfterRun()).toEqual({ mode: 0o700, isUsed: true });
  });

  test.each([0o777, 0o750, 0o701])('is left alone with the mode %o', async (mode) => {
    expect(await cacheAfterRun(mode)).toEqual({ mode, isUsed: false });
  });
});
