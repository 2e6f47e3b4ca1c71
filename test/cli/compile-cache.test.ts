import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { launcher } from './desk.ts';

const nobody = { uid: 65_534, gid: 65_534 };

// Whoever can write there can run code as the account whose cache it is.
describe.runIf(process.getuid?.() === 0)('the cache of compiled code', () => {
  /** A home of another account, whose cache folder has this mode; undefined: it has none yet. */
  function someHome(mode?: number) {
    const home = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
    onTestFinished(() => rmSync(home, { recursive: true }));
    chownSync(home, nobody.uid, nobody.gid);
    const cache = join(home, 'mcpd');
    if (mode !== undefined) {
      mkdirSync(cache);
      chownSync(cache, nobody.uid, nobody.gid);
      chmodSync(cache, mode);
    }
    const usual = { HOME: home, XDG_CACHE_HOME: home, MCPD_HOME: join(home, 'state') };
    const runIn = (changes: NodeJS.ProcessEnv, ...words: string[]) => {
      const options = { ...nobody, cwd: home, env: { ...usual, ...changes } };
      return promisify(execFile)(process.execPath, [launcher, ...words], options);
    };
    const run = (...words: string[]) => runIn({}, ...words);
    /** The commands whose code is kept. */
    const kept = () => readdirSync(cache).map((file) => file.replace(/.*-/, ''));
    return { home, cache, run, runIn, kept };
  }

  const modeOf = (path: string) => statSync(path).mode & 0o777;

  test('is its owner’s alone', async () => {
    const { cache, run } = someHome();
    await run('template', 'list');
    expect(modeOf(cache)).toBe(0o700);
    expect(readdirSync(cache).map((file) => modeOf(join(cache, file)))).toEqual([0o600]);
  });

  test('is the machine’s for root, who may have become it with somebody’s environment', async () => {
    const { home } = someHome();
    const env = { HOME: home, XDG_CACHE_HOME: home };
    await promisify(execFile)(process.execPath, [launcher, 'template', 'list'], { env });
    expect(readdirSync(home)).toEqual([]);
  });

  test.each([0o777, 0o750, 0o701])('is left alone with the mode %o', async (mode) => {
    const { cache, run } = someHome(mode);
    await run('template', 'list');
    expect(modeOf(cache)).toBe(mode);
    expect(readdirSync(cache)).toEqual([]);
  });

  test('is a file for each command, written once, when it ended well', async () => {
    const { cache, run, kept } = someHome();
    const written = () => readdirSync(cache).map((file) => statSync(join(cache, file)).ino);
    await run('template', 'list');
    await expect(run('template', 'show', 'nothing')).rejects.toMatchObject({ code: 3 });
    await run('capacity');
    expect(kept()).toEqual(['capacity', 'template:list']);
    const before = written();
    await run('capacity', '--json');
    await run('template', 'list');
    expect(written()).toEqual(before);
  });

  test('has nothing of a command that another one only tells of', async () => {
    const { run, kept } = someHome();
    await run('schema', 'user', 'list');
    expect(kept()).toEqual(['schema']);
  });

  test('loses what nothing was added to for a month, as soon as there is another version', async () => {
    const { cache, run } = someHome();
    await run('user', 'list');
    const [own = ''] = readdirSync(cache);
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    for (const [name, age] of Object.entries({ old: 31, young: 29 })) {
      renameSync(join(cache, own), join(cache, name));
      utimesSync(join(cache, name), days(age), days(age));
      await run('user', 'list');
    }
    expect(readdirSync(cache).toSorted()).toEqual([own, 'young'].toSorted());
  });

  // Whoever holds the folder above can swap folders between two looks, but make no file of this account.
  test.each([
    ['another account’s', (file: string) => chownSync(file, 0, 0)],
    ['writable by others', (file: string) => chmodSync(file, 0o622)],
  ])('is not read, but replaced, when its file is %s', async (_, spoil) => {
    const { cache, run } = someHome();
    await run('user', 'list');
    const [file = ''] = readdirSync(cache);
    spoil(join(cache, file));
    // Nobody else's could be read at all.
    chmodSync(join(cache, file), statSync(join(cache, file)).mode | 0o044);
    const { ino } = statSync(join(cache, file));
    await run('user', 'list');
    expect(statSync(join(cache, file))).toMatchObject(nobody);
    expect(statSync(join(cache, file)).ino).not.toBe(ino);
  });

  test.each(['', 'here'])(
    'is not in the folder where it is run: XDG_CACHE_HOME of "%s"',
    async (value) => {
      const { home, runIn } = someHome();
      await runIn({ XDG_CACHE_HOME: value, HOME: '' }, 'template', 'list');
      expect(readdirSync(home)).toEqual([]);
    },
  );

  test('is kept under flags of any length', async () => {
    const { runIn, kept } = someHome();
    const NODE_OPTIONS = '--no-deprecation '.repeat(20);
    await runIn({ NODE_OPTIONS }, 'user', 'list');
    expect(kept()).toEqual(['user:list']);
  });

  test('is written anew when it is cut short', async () => {
    const { cache, run } = someHome();
    await run('user', 'list');
    const [file = ''] = readdirSync(cache);
    const bytes = readFileSync(join(cache, file));
    writeFileSync(join(cache, file), bytes.subarray(0, bytes.length >> 1));
    await run('user', 'list');
    expect(statSync(join(cache, file)).size).toBeGreaterThan(bytes.length >> 1);
  });
});
