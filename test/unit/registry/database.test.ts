import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openRegistry } from '../../../src/registry/database.ts';
import { migrate, migrations } from '../../../src/registry/migrations.ts';
import { listUsers } from '../../../src/registry/users.ts';
import { runTogether } from './processes.ts';
import { add, temporaryHome, thrownBy } from './temporary.ts';

const nfs = 0x6969;

describe('openRegistry', () => {
  test('makes the home traversable but not listable, and the registry readable by its owner alone', () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    add(registry, 'bob');
    expect(statSync(home.root).mode & 0o777).toBe(0o711);
    expect(statSync(home.users).mode & 0o777).toBe(0o711);
    for (const file of readdirSync(home.root).filter((name) => name.startsWith('registry'))) {
      expect(statSync(join(home.root, file)).mode & 0o777, file).toBe(0o600);
    }
  });

  test('keeps its instance and its users', () => {
    using home = temporaryHome();
    const instances = [1, 2].map((round) => {
      using registry = openRegistry(home);
      if (round === 1) add(registry, 'bob');
      expect(listUsers(registry).map((user) => user.name)).toEqual(['bob']);
      return registry.instance;
    });
    expect(instances[0]).toMatch(/^[a-z2-7]{8}$/);
    expect(instances[1]).toBe(instances[0]);
  });

  test('for a reading command, a home that is not there stays away', () => {
    using home = temporaryHome();
    using registry = openRegistry(home, { create: false });
    expect(listUsers(registry)).toEqual([]);
    expect(existsSync(home.root)).toBe(false);
  });

  test('refuses a network file system before it makes anything', () => {
    using home = temporaryHome();
    const open = (): unknown => openRegistry(home, { fileSystemType: () => nfs });
    expect(thrownBy(open)).toMatchObject({ code: 'NETWORK_FILE_SYSTEM', exitCode: 8 });
    const cifs = (): unknown => openRegistry(home, { fileSystemType: () => 0xff534d42 | 0 });
    expect(thrownBy(cifs)).toMatchObject({ code: 'NETWORK_FILE_SYSTEM' });
    expect(existsSync(home.root)).toBe(false);
  });

  test('refuses a home that others can write to', () => {
    using home = temporaryHome();
    mkdirSync(home.root);
    chmodSync(home.root, 0o777);
    expect(thrownBy(() => openRegistry(home))).toMatchObject({ code: 'HOME_UNSAFE', exitCode: 8 });
    expect(existsSync(home.registry)).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'as root, refuses a home in a folder others can write to',
    () => {
      using home = temporaryHome();
      chmodSync(dirname(home.root), 0o777);
      expect(thrownBy(() => openRegistry(home))).toMatchObject({ code: 'HOME_UNSAFE' });
    },
  );

  test('refuses a registry of a newer mcpd and leaves it alone', () => {
    using home = temporaryHome();
    openRegistry(home).close();
    const db = new DatabaseSync(home.registry);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(thrownBy(() => openRegistry(home))).toMatchObject({
      code: 'REGISTRY_NEWER',
      exitCode: 4,
    });
  });

  test('twenty processes that open a fresh home at once agree on it', async () => {
    using home = temporaryHome();
    const instances = await runTogether(20, 'open-registry.ts', [home.root]);
    expect(new Set(instances).size).toBe(1);
    using registry = openRegistry(home);
    expect(registry.instance).toBe(instances[0]);
  }, 120_000);

  test('twenty processes that add users at once give all of them different things', async () => {
    using home = temporaryHome();
    const output = await runTogether(20, 'add-users.ts', [home.root]);
    expect(output.every((line) => line === 'done')).toBe(true);
    using registry = openRegistry(home);
    const users = listUsers(registry);
    expect(users).toHaveLength(60);
    for (const value of ['uid', 'subnet', 'workspace', 'id'] as const) {
      expect(new Set(users.map((user) => user[value])).size).toBe(60);
    }
    expect(new Set(users.map((user) => user.ports.start)).size).toBe(60);
  }, 120_000);
});

describe('transaction', () => {
  test('undoes everything when it throws, also within another', () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    const attempt = (): void =>
      registry.transaction(() => {
        add(registry, 'bob');
        throw new Error('no');
      });
    expect(attempt).toThrow('no');
    expect(listUsers(registry)).toEqual([]);
    registry.transaction(() => registry.transaction(() => add(registry, 'alice')));
    expect(listUsers(registry)).toHaveLength(1);
  });
});

describe('migrate', () => {
  test('brings a registry of an older version up to date and keeps what is in it', () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    const bob = add(registry, 'bob');
    const next = [
      ...migrations,
      `ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'member'`,
    ];
    migrate(registry.db, next);
    migrate(registry.db, next);
    expect(registry.db.prepare('SELECT id, role FROM users').all()).toMatchObject([
      { id: bob.id, role: 'member' },
    ]);
    expect(registry.db.prepare('PRAGMA user_version').get()).toMatchObject({
      user_version: migrations.length + 1,
    });
  });

  test('a step that fails leaves the version and the tables as they were', () => {
    using home = temporaryHome();
    using registry = openRegistry(home);
    const broken = [...migrations, 'CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE users (a)'];
    expect(() => migrate(registry.db, broken)).toThrow(/users/);
    expect(registry.db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`).get()).toBe(
      undefined,
    );
    expect(() => migrate(registry.db)).not.toThrow();
  });
});
