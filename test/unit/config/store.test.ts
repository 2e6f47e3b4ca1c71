import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Home } from '../../../src/config/home.ts';
import { openConfig, readConfig } from '../../../src/config/store.ts';
import { temporaryHome, thrownBy } from '../registry/temporary.ts';

function write(home: Home, text: string): void {
  mkdirSync(home.root, { recursive: true });
  writeFileSync(home.config, text);
}

describe('readConfig', () => {
  test('gives the defaults in base units, and makes nothing', () => {
    using home = temporaryHome();
    expect(readConfig(home)).toMatchObject({
      ports: { start: 20000, end: 29999, perUser: 10 },
      limits: { memory: 512 * 2 ** 20, cpus: 1 },
    });
    openConfig(home).list();
    expect(existsSync(home.root)).toBe(false);
  });

  test('a home below a file is told as what it is', () => {
    using home = temporaryHome();
    mkdirSync(dirname(home.root), { recursive: true });
    writeFileSync(home.root, '');
    expect(thrownBy(() => readConfig(home))).toMatchObject({ code: 'HOME_NOT_A_FOLDER' });
  });

  test('refuses a file that is not JSON, has an unknown setting or a wrong value, in one line', () => {
    using home = temporaryHome();
    for (const text of ['{', '[]', '{"prots": {}}', '{"limits": {"memory": "1k"}}']) {
      write(home, text);
      const error = thrownBy(() => readConfig(home));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
      expect(String(error)).not.toContain('\n');
    }
    expect(String(thrownBy(() => readConfig(home)))).toContain('limits.memory: "1k"');
    write(home, '{"audit": {"totalSize": "63k"}}');
    expect(String(thrownBy(() => readConfig(home)))).toContain('e.g. 16m (at least 64k)');
  });
});

describe('list', () => {
  test('shows every setting as users write it, with what it means', () => {
    using home = temporaryHome();
    write(home, '{"limits": {"memory": "1g"}}');
    const settings = openConfig(home).list();
    expect(settings.find((one) => one.key === 'limits.memory')).toEqual({
      key: 'limits.memory',
      value: '1g',
      default: '512m',
      description: 'default memory cap of a server',
      isDefault: false,
    });
    expect(settings.find((one) => one.key === 'workspaceRoots')).toMatchObject({
      value: ['/home', '/srv'],
      isDefault: true,
    });
    expect(settings.filter((one) => one.description === '')).toEqual([]);
    expect(settings.length).toBeGreaterThan(15);
  });
});

describe('set', () => {
  test('makes no file that is not valid, also when another one changed it meanwhile', async () => {
    using home = temporaryHome();
    const config = openConfig(home);
    const setting = config.set('ports.end', '20500');
    write(home, '{"ports": {"start": 25000}}');
    await expect(setting).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    expect(readConfig(home).ports).toMatchObject({ start: 25000, end: 29999 });
  });

  test('writes numbers, sizes, lists and text, readable by the owner alone', async () => {
    using home = temporaryHome();
    const config = openConfig(home);
    await config.set('ports.perUser', '20');
    await config.set('limits.memory', '1g');
    await config.set('audit.fileSize', '64k');
    await config.set('workspaceRoots', '/srv, /data');
    await config.set('origins', '["http://localhost:6274"]');
    await config.set('egress', 'allow:example.com:443,10.0.0.0/8');
    expect(config.all()).toMatchObject({
      ports: { start: 20000, perUser: 20 },
      limits: { memory: 2 ** 30 },
      workspaceRoots: ['/srv', '/data'],
      origins: ['http://localhost:6274'],
      egress: 'allow:example.com:443,10.0.0.0/8',
    });
    expect(config.get('limits.memory')).toBe('1g');
    expect(config.get('ports.end')).toBe(29999);
    await config.set('origins', '');
    expect(config.get('origins')).toEqual([]);
    expect(statSync(home.config).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(home.config, 'utf8'))).toMatchObject({ ports: { perUser: 20 } });
  });

  test('writes what may be none as a number, a size or a word, and takes it back', async () => {
    using home = temporaryHome();
    const config = openConfig(home);
    expect(config.all().maximum.memory).toBeNull();
    await config.set('maximum.memory', '2g');
    await config.set('maximum.servers', '3');
    await config.set('policy.maxRisk', 'medium');
    expect(config.all()).toMatchObject({
      maximum: { memory: 2 ** 31, servers: 3, cpus: null },
      policy: { maxRisk: 'medium', servers: null },
    });
    await config.set('maximum.servers', 'none');
    expect(config.all().maximum.servers).toBeNull();
    for (const text of ['', 'many', '-1']) {
      await expect(config.set('maximum.servers', text), text).rejects.toMatchObject({
        code: 'SETTING_INVALID',
      });
    }
  });

  test('refuses an unknown setting with the nearest ones', async () => {
    using home = temporaryHome();
    await expect(openConfig(home).set('limits.memroy', '1g')).rejects.toMatchObject({
      code: 'SETTING_UNKNOWN',
      exitCode: 2,
      suggestions: ['Did you mean limits.memory?', 'mcpd config list'],
    });
    await expect(openConfig(home).set('ports', '1')).rejects.toMatchObject({
      suggestions: [expect.stringContaining('ports.start'), 'mcpd config list'],
    });
    expect(thrownBy(() => openConfig(home).get('__proto__'))).toMatchObject({
      code: 'SETTING_UNKNOWN',
    });
  });

  test('refuses a value that is not valid and writes nothing', async () => {
    using home = temporaryHome();
    const refused = [
      ['ports.start', 'many'],
      ['ports.start', '80'],
      ['ports.start', '20000.5'],
      ['ports.start', '29995'],
      ['limits.memory', 'much'],
      ['limits.cpus', '0'],
      ['limits.cpus', ''],
      ['firewall', 'maybe'],
      ['subnets.pool', '10.999.0.0/14'],
      ['uids.end', '199999'],
      ['egress', 'some'],
      ['workspaceRoots', 'srv'],
      ['origins', '[1]'],
      ['bindAddress', 'everywhere'],
    ] as const;
    for (const [key, text] of refused) {
      const error = await openConfig(home)
        .set(key, text)
        .catch((thrown: unknown) => thrown);
      expect(error, `${key} ${text}`).toMatchObject({ code: 'SETTING_INVALID', exitCode: 2 });
      expect(String(error)).toContain(key);
      expect(String(error)).not.toContain('\n');
    }
    expect(existsSync(home.root)).toBe(false);
  });
});
