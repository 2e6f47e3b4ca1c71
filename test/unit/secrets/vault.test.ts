import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { User } from '../../../src/registry/rows.ts';
import { removeUser } from '../../../src/registry/users.ts';
import {
  listSecrets,
  openSecrets,
  readSecrets,
  removeSecret,
  setSecret,
  type VaultContext,
} from '../../../src/secrets/vault.ts';
import { add, temporaryRegistry, type TemporaryRegistry } from '../registry/temporary.ts';

const value = 'hunter2-correct-horse';

interface Vault {
  readonly context: VaultContext;
  readonly bob: User;
}

function vaultOf(box: TemporaryRegistry, env: NodeJS.ProcessEnv = {}): Vault {
  const context = { registry: box.registry, home: box.home, env };
  return { context, bob: add(box.registry, 'bob') };
}

async function open({ context, bob }: Vault, name = 'TOKEN'): Promise<string | undefined> {
  return (await readSecrets(context, { user: bob, names: [name] })).get(name);
}

describe('secrets', () => {
  test('come back as they were set, but for the one line end of a file, which is taken off once', async () => {
    using box = temporaryRegistry();
    const vault = vaultOf(box);
    const cases = new Map<string | Uint8Array, string>([
      [value, value],
      [`${value}\n`, `${value}\n`],
      [Buffer.from(`${value}\n`), value],
      [Buffer.from(`${value}\r\n`), value],
      [Buffer.from(`${value}\n\n`), `${value}\n`],
      [Buffer.from('line\nline é\n'), 'line\nline é'],
      ['x'.repeat(64 * 1024), 'x'.repeat(64 * 1024)],
    ]);
    for (const [given, expected] of cases) {
      await setSecret(vault.context, { user: vault.bob, name: 'TOKEN', value: given });
      expect(await open(vault)).toBe(expected);
    }
    expect(listSecrets(box.registry, vault.bob.id)).toEqual([
      { name: 'TOKEN', updatedAt: box.clock.now() },
    ]);
    expect(removeSecret(box.registry, vault.bob.id, 'TOKEN')).toBe(true);
    expect(removeSecret(box.registry, vault.bob.id, 'TOKEN')).toBe(false);
    expect(await open(vault)).toBeUndefined();
  });

  test('are nowhere to be read in the registry’s files', async () => {
    using box = temporaryRegistry();
    const { context, bob } = vaultOf(box);
    await setSecret(context, { user: bob, name: 'TOKEN', value });
    for (const suffix of ['', '-wal']) {
      expect(readFileSync(`${box.home.registry}${suffix}`).includes(value)).toBe(false);
    }
    box.registry.close();
    expect(readFileSync(box.home.registry).includes(value)).toBe(false);
  });

  test('refuse values and names that no environment variable can have, without repeating the value', async () => {
    using box = temporaryRegistry();
    const { context, bob } = vaultOf(box);
    const values = [
      '',
      Buffer.from('\n'),
      `${value}\0`,
      'x'.repeat(64 * 1024 + 1),
      Buffer.from([0xff, 0xfe]),
    ];
    for (const bad of values) {
      const error = await setSecret(context, { user: bob, name: 'TOKEN', value: bad }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'SECRET_VALUE_INVALID', exitCode: 2 });
      expect(JSON.stringify(error) + String(error)).not.toContain(value);
    }
    for (const name of ['token', '1TOKEN', 'A-B', 'A=B', '', '../A', 'A'.repeat(65)]) {
      const setting = setSecret(context, { user: bob, name, value });
      await expect(setting).rejects.toMatchObject({ code: 'SECRET_NAME_INVALID', exitCode: 2 });
    }
    expect(listSecrets(box.registry, bob.id)).toEqual([]);
  });

  test('openSecrets names each required one that is missing, and does without the others', async () => {
    using box = temporaryRegistry();
    const { context, bob } = vaultOf(box);
    const secrets = [
      { name: 'FIRST', required: true },
      { name: 'SECOND', required: true },
      { name: 'THIRD', required: false },
    ];
    await setSecret(context, { user: bob, name: 'FIRST', value });
    await expect(openSecrets(context, { user: bob, secrets })).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      exitCode: 4,
      suggestions: ['mcpd secret set bob SECOND'],
    });
    await setSecret(context, { user: bob, name: 'SECOND', value: 'other' });
    const opened = await openSecrets(context, { user: bob, secrets });
    expect([...opened]).toEqual([
      ['FIRST', value],
      ['SECOND', 'other'],
    ]);
  });

  test('a row copied to another user or another name doesn’t open there', async () => {
    using box = temporaryRegistry();
    const vault = vaultOf(box);
    const eve = add(box.registry, 'eve');
    await setSecret(vault.context, { user: vault.bob, name: 'TOKEN', value });
    const copy = box.registry.db.prepare(
      'INSERT INTO secrets SELECT ?, ?, ciphertext, updated_at FROM secrets',
    );
    copy.run(eve.id, 'TOKEN');
    await expect(open({ ...vault, bob: eve })).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});

describe('the key', () => {
  test('is made once by the first of many, and opens the secrets of all', async () => {
    using box = temporaryRegistry();
    const vault = vaultOf(box);
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    await Promise.all(
      names.map((name) => setSecret(vault.context, { user: vault.bob, name, value: name })),
    );
    for (const name of names) expect(await open(vault, name)).toBe(name);
  });

  test('that is gone or another one is an error that says so', async () => {
    using box = temporaryRegistry();
    const vault = vaultOf(box);
    await setSecret(vault.context, { user: vault.bob, name: 'TOKEN', value });
    rmSync(join(box.home.keys, 'secrets.age'));
    await expect(open(vault)).rejects.toMatchObject({ code: 'KEY_MISSING', exitCode: 4 });
    await setSecret(vault.context, { user: vault.bob, name: 'OTHER', value });
    await expect(open(vault)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE', exitCode: 4 });
  });

  test('can be a file of the administrator’s, which is never made and must be private', async () => {
    using box = temporaryRegistry();
    const file = join(box.home.root, 'credential');
    const vault = vaultOf(box, { MCPD_KEY_FILE: file });
    const set = (): Promise<unknown> =>
      setSecret(vault.context, { user: vault.bob, name: 'TOKEN', value });
    await expect(set()).rejects.toMatchObject({ code: 'KEY_MISSING' });
    writeFileSync(file, 'nothing of use', { mode: 0o600 });
    await expect(set()).rejects.toMatchObject({ code: 'KEY_INVALID' });
    const { generateX25519Identity } = await import('age-encryption');
    writeFileSync(file, `# created: today\n${await generateX25519Identity()}\n`);
    await set();
    expect(await open(vault)).toBe(value);
    chmodSync(file, 0o644);
    await expect(open(vault)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' });
  });
});

test('a secret of a user who is removed while it is encrypted is nobody’s', async () => {
  using box = temporaryRegistry();
  const { context, bob } = vaultOf(box);
  const set = setSecret(context, { user: bob, name: 'TOKEN', value });
  removeUser(box.registry, bob.id, { keepUid: false, config: { quarantineHours: 0 } });
  add(box.registry, 'bob');
  await expect(set).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
});
