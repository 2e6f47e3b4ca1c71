import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BridgeConfig } from '../../../src/bridge/config.ts';
import { openPolicy } from '../../../src/policy/bridge-policy.ts';
import type { TrustedIssuer } from '../../../src/policy/trusted-issuer.ts';
import {
  dematerialise,
  materialise,
  writeIssuer,
  writeLive,
} from '../../../src/secrets/materialise.ts';
import { temporaryHome, thrownBy } from '../registry/temporary.ts';

const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const unprivileged = owner.uid !== 0;
const config = { schema: 1, url: 'http://127.0.0.1:20000/mcp' } as BridgeConfig;

function write(folder: string, secrets: Record<string, string> = {}, live: string[] = []): void {
  materialise(folder, {
    config,
    tokens: { live, until: {} },
    policy: openPolicy,
    issuer: undefined,
    secrets: new Map(Object.entries(secrets)),
    owner,
  });
}

function read(...path: string[]): string {
  return readFileSync(join(...path), 'utf8');
}

describe('materialise', () => {
  test('writes what the bridge reads, for its owner alone', () => {
    using home = temporaryHome();
    const folder = join(home.runtime, 'instance/server');
    write(folder, { TOKEN: 'hunter2' }, ['t1', 't2']);
    expect(JSON.parse(read(folder, 'bridge.json'))).toEqual(config);
    expect(JSON.parse(read(folder, 'tokens.json'))).toEqual({
      live: ['t1', 't2'],
      until: {},
    });
    expect(read(folder, 'secrets/TOKEN')).toBe('hunter2');
    for (const name of ['.', 'secrets', '..', '../..']) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o700);
    }
    for (const name of ['bridge.json', 'tokens.json', 'policy.json', 'secrets/TOKEN']) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o400);
    }
  });

  test('again replaces whole files in the same folder, and removes what is no longer wanted', () => {
    using home = temporaryHome();
    const folder = join(home.runtime, 'instance/server');
    write(folder, { OLD: 'old', TOKEN: 'one' });
    const before = statSync(folder).ino;
    const file = statSync(join(folder, 'secrets/TOKEN')).ino;
    writeFileSync(join(folder, 'secrets/.DRAFT.abc'), 'left by a killed command');
    writeFileSync(join(folder, '.bridge.json.abc'), 'left by a killed command');
    write(folder, { TOKEN: 'two' });
    expect(readdirSync(join(folder, 'secrets'))).toEqual(['TOKEN']);
    expect(readdirSync(folder).toSorted()).toEqual([
      'bridge.json',
      'policy.json',
      'secrets',
      'tokens.json',
    ]);
    expect(read(folder, 'secrets/TOKEN')).toBe('two');
    expect(statSync(folder).ino).toBe(before);
    expect(statSync(join(folder, 'secrets/TOKEN')).ino).not.toBe(file);
  });

  test.skipIf(unprivileged)('gives everything to the owner', () => {
    using home = temporaryHome();
    const folder = join(home.runtime, 'instance/server');
    const tenant = { uid: 200000, gid: 200001 };
    const material = {
      config,
      tokens: { live: [], until: {} },
      policy: openPolicy,
      issuer: undefined,
      secrets: new Map([['TOKEN', 'x']]),
      owner: tenant,
    };
    materialise(folder, material);
    materialise(folder, material);
    for (const name of ['.', 'secrets', 'bridge.json', 'tokens.json', 'secrets/TOKEN']) {
      expect(statSync(join(folder, name)), name).toMatchObject(tenant);
    }
    expect(statSync(dirname(folder)).uid).toBe(0);
  });

  test('replaces a link instead of writing where it leads', () => {
    using home = temporaryHome();
    const folder = join(home.runtime, 'instance/server');
    write(folder, { TOKEN: 'one' });
    const victim = join(home.runtime, 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, join(folder, 'secrets/LINK'));
    write(folder, { TOKEN: 'two', LINK: 'three' });
    expect(read(victim)).toBe('precious');
    expect(read(folder, 'secrets/LINK')).toBe('three');
  });

  test('refuses a folder that is a link, or that others can write to', () => {
    using home = temporaryHome();
    mkdirSync(join(home.runtime, 'instance'), { recursive: true, mode: 0o700 });
    mkdirSync(join(home.runtime, 'elsewhere'));
    symlinkSync(join(home.runtime, 'elsewhere'), join(home.runtime, 'instance/server'));
    const linked = thrownBy(() => write(join(home.runtime, 'instance/server'), { TOKEN: 'x' }));
    expect(linked).toMatchObject({ code: 'RUNTIME_FOLDER_UNSAFE', exitCode: 8 });
    expect(readdirSync(join(home.runtime, 'elsewhere'))).toEqual([]);

    chmodSync(join(home.runtime, 'instance'), 0o777);
    const open = thrownBy(() => write(join(home.runtime, 'instance/other'), { TOKEN: 'x' }));
    expect(open).toMatchObject({ code: 'RUNTIME_FOLDER_UNSAFE' });
    expect(existsSync(join(home.runtime, 'instance/other'))).toBe(false);
  });

  test.skipIf(unprivileged)('refuses a folder that somebody else made first', () => {
    using home = temporaryHome();
    mkdirSync(home.runtime, { mode: 0o700 });
    chownSync(home.runtime, 4711, 4711);
    expect(thrownBy(() => write(join(home.runtime, 'instance/server')))).toMatchObject({
      code: 'RUNTIME_FOLDER_UNSAFE',
      message: expect.stringContaining('belongs to uid 4711'),
    });
    chownSync(home.runtime, 0, 0);
    mkdirSync(join(home.runtime, 'instance/server'), { recursive: true, mode: 0o700 });
    chownSync(join(home.runtime, 'instance/server'), 4711, 4711);
    expect(thrownBy(() => write(join(home.runtime, 'instance/server')))).toMatchObject({
      code: 'RUNTIME_FOLDER_UNSAFE',
    });
  });
});

describe('writeLive', () => {
  test('replaces the live tokens and nothing else, and makes no folder', () => {
    using home = temporaryHome();
    const folder = join(home.runtime, 'instance/server');
    expect(writeLive(folder, { live: ['t1'], until: {} }, owner)).toBe(false);
    expect(existsSync(home.runtime)).toBe(false);
    write(folder, { TOKEN: 'x' }, ['t1']);
    expect(writeLive(folder, { live: ['t2'], until: { t2: 1 } }, owner)).toBe(true);
    expect(JSON.parse(read(folder, 'tokens.json'))).toEqual({ live: ['t2'], until: { t2: 1 } });
    expect(read(folder, 'secrets/TOKEN')).toBe('x');
  });
});

test('writeIssuer puts the issuer’s file, takes it away, and makes no folder', () => {
  using home = temporaryHome();
  const folder = join(home.runtime, 'instance/server');
  const issuer = { issuer: 'https://login.example' } as TrustedIssuer;
  expect(writeIssuer(folder, issuer, owner)).toBe(false);
  expect(existsSync(home.runtime)).toBe(false);
  write(folder);
  expect(writeIssuer(folder, issuer, owner)).toBe(true);
  expect(JSON.parse(read(folder, 'issuer.json'))).toEqual(issuer);
  expect(statSync(join(folder, 'issuer.json')).mode & 0o777).toBe(0o400);
  write(folder);
  expect(existsSync(join(folder, 'issuer.json'))).toBe(false);
});

describe('dematerialise', () => {
  test('removes the folder, and the instance’s with the last one, as often as asked', () => {
    using home = temporaryHome();
    const [one, two] = ['one', 'two'].map((name) => join(home.runtime, 'instance', name));
    if (!one || !two) throw new Error('unreachable');
    write(one, { TOKEN: 'x' });
    write(two, { TOKEN: 'x' });
    dematerialise(one);
    dematerialise(one);
    expect(readdirSync(join(home.runtime, 'instance'))).toEqual(['two']);
    dematerialise(two);
    expect(readdirSync(home.runtime)).toEqual([]);
    dematerialise(two);
  });
});
