import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importJWK, jwtVerify, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { ensureHome } from '../../../src/config/folder.ts';
import type { Home } from '../../../src/config/home.ts';
import type { User } from '../../../src/registry/rows.ts';
import { openPolicy } from '../../../src/policy/bridge-policy.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { removeUser } from '../../../src/registry/users.ts';
import { materialise } from '../../../src/secrets/materialise.ts';
import { probeToken, tokenAudience, tokenIssuer } from '../../../src/tokens/issue.ts';
import { loadTokenKeys } from '../../../src/tokens/keys.ts';
import { createToken, rotateToken } from '../../../src/tokens/make.ts';
import { publishLiveTokens } from '../../../src/tokens/publish.ts';
import { listTokens, liveTokens, revokeToken } from '../../../src/tokens/store.ts';
import type { BridgeConfig } from '../../../src/bridge/config.ts';
import {
  add,
  temporaryHome,
  temporaryRegistry,
  thrownBy,
  type TemporaryRegistry,
} from '../registry/temporary.ts';

/** Checks a token as a bridge does. */
async function verify(box: TemporaryRegistry, jwt: string, userId: string): Promise<JWTPayload> {
  const { publicJwk } = await loadTokenKeys(box.home);
  const { payload } = await jwtVerify(jwt, await importJWK(publicJwk, 'EdDSA'), {
    algorithms: ['EdDSA'],
    issuer: tokenIssuer(box.registry.instance),
    audience: tokenAudience(box.registry.instance, userId),
    requiredClaims: ['sub', 'jti', 'exp'],
    currentDate: new Date(box.clock.now()),
  });
  return payload;
}

function liveIds({ registry }: TemporaryRegistry, userId: string): string[] {
  return liveTokens(registry, userId).map(({ id }) => id);
}

describe('createToken', () => {
  test('makes a token for one user of one instance, and keeps no copy', async () => {
    using box = temporaryRegistry();
    const [bob, eve] = [add(box.registry, 'bob'), add(box.registry, 'eve')];
    const { token, jwt } = await createToken(box, { user: bob, name: 'laptop' });
    expect(await verify(box, jwt, bob.id)).toMatchObject({
      iss: `mcpd:${box.registry.instance}`,
      aud: `mcpd:${box.registry.instance}/${bob.id}`,
      sub: bob.id,
      jti: token.id,
      iat: box.clock.now() / 1000,
      scope: 'tools:read tools:call resources:read prompts:read',
    });
    await expect(verify(box, jwt, eve.id)).rejects.toThrow(/aud/);
    expect(listTokens(box.registry, bob.id)).toEqual([token]);
    expect(listTokens(box.registry, eve.id)).toEqual([]);
    for (const suffix of ['', '-wal']) {
      const file = readFileSync(`${box.home.registry}${suffix}`);
      expect(file.includes(jwt.slice(-40))).toBe(false);
    }
  });

  test('takes scopes and an expiry, after which it is neither valid nor live', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const { token, jwt } = await createToken(box, {
      user: bob,
      name: 'short',
      scopes: ['tools:read', 'tools:read'],
      expiresAt: box.clock.now() + 3_600_000,
    });
    expect((await verify(box, jwt, bob.id))['scope']).toBe('tools:read');
    expect(liveIds(box, bob.id)).toEqual([token.id]);
    box.clock.advanceHours(1);
    await expect(verify(box, jwt, bob.id)).rejects.toThrow(/exp/);
    expect(liveIds(box, bob.id)).toEqual([]);
  });

  test('ends with an ephemeral user unless told otherwise', async () => {
    using box = temporaryRegistry();
    const bob = { ...add(box.registry, 'bob'), expiresAt: box.clock.now() + 60_000 };
    const { token } = await createToken(box, { user: bob, name: 'default' });
    expect(token.expiresAt).toBe(bob.expiresAt);
  });

  test('refuses a name in use, a bad name and a time that is over', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    await createToken(box, { user: bob, name: 'laptop' });
    await expect(createToken(box, { user: bob, name: 'laptop' })).rejects.toMatchObject({
      code: 'TOKEN_EXISTS',
      exitCode: 4,
    });
    await expect(createToken(box, { user: bob, name: 'a b' })).rejects.toMatchObject({
      code: 'TOKEN_NAME_INVALID',
      exitCode: 2,
    });
    const past = { user: bob, name: 'past', expiresAt: box.clock.now() };
    await expect(createToken(box, past)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(listTokens(box.registry, bob.id)).toHaveLength(1);
  });
});

describe('revokeToken', () => {
  test('takes a name or an id, only of that user, and is news once', async () => {
    using box = temporaryRegistry();
    const [bob, eve] = [add(box.registry, 'bob'), add(box.registry, 'eve')];
    const first = await createToken(box, { user: bob, name: 'laptop' });
    const revoke = (user: User, idOrName: string): { changed: boolean } =>
      revokeToken(box.registry, { user, idOrName });
    expect(thrownBy(() => revoke(eve, first.token.id))).toMatchObject({ exitCode: 3 });
    expect(revoke(bob, 'laptop').changed).toBe(true);
    expect(liveIds(box, bob.id)).toEqual([]);
    expect(revoke(bob, 'laptop').changed).toBe(false);
    const second = await createToken(box, { user: bob, name: 'laptop' });
    expect(revoke(bob, first.token.id).changed).toBe(false);
    expect(liveIds(box, bob.id)).toEqual([second.token.id]);
    expect(revoke(bob, second.token.id).changed).toBe(true);
    expect(thrownBy(() => revoke(bob, 'laptpo'))).toMatchObject({
      code: 'TOKEN_NOT_FOUND',
      suggestions: [expect.stringContaining('laptop'), 'mcpd token list bob'],
    });
  });
});

describe('rotateToken', () => {
  const hour = 3_600_000;

  test('makes one like the old one, which keeps its name and works until the overlap is over', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const old = await createToken(box, {
      user: bob,
      name: 'ci',
      scopes: ['tools:read', 'admin'],
      servers: ['memory'],
      expiresAt: box.clock.now() + 10 * hour,
    });
    box.clock.advanceHours(4);
    const now = box.clock.now();
    const rotated = await rotateToken(box, { user: bob, idOrName: 'ci', overlapMs: hour });
    expect(rotated.token).toMatchObject({
      name: 'ci',
      scopes: ['tools:read', 'admin'],
      servers: ['memory'],
      expiresAt: now + 10 * hour,
    });
    expect((await verify(box, rotated.jwt, bob.id)).jti).toBe(rotated.token.id);
    expect(rotated.replaced).toMatchObject({ id: old.token.id, expiresAt: now + hour });
    expect(listTokens(box.registry, bob.id)).toEqual([rotated.replaced, rotated.token]);
    expect(liveIds(box, bob.id)).toEqual([old.token.id, rotated.token.id]);
    box.clock.advanceHours(1);
    expect(liveIds(box, bob.id)).toEqual([rotated.token.id]);
  });

  test('never makes the old one last longer, nor the new one longer than the user', async () => {
    using box = temporaryRegistry();
    const bob = { ...add(box.registry, 'bob'), expiresAt: box.clock.now() + 3 * hour };
    await createToken(box, { user: bob, name: 'ci' });
    box.clock.advanceHours(2);
    const { token, replaced } = await rotateToken(box, {
      user: bob,
      idOrName: 'ci',
      overlapMs: 5 * hour,
    });
    expect([token.expiresAt, replaced.expiresAt]).toEqual([bob.expiresAt, bob.expiresAt]);
  });

  test('follows one that is over, and needs no overlap', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    await createToken(box, { user: bob, name: 'ci', expiresAt: box.clock.now() + hour });
    box.clock.advanceHours(2);
    const second = await rotateToken(box, { user: bob, idOrName: 'ci', overlapMs: hour });
    expect(liveIds(box, bob.id)).toEqual([second.token.id]);
    const third = await rotateToken(box, { user: bob, idOrName: 'ci', overlapMs: 0, ttlMs: 1_000 });
    expect(third.token.expiresAt).toBe(box.clock.now() + 1_000);
    expect(liveIds(box, bob.id)).toEqual([third.token.id]);
  });

  test('refuses a token that was replaced or revoked, and one of two that rotate at once', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const { token } = await createToken(box, { user: bob, name: 'ci' });
    const rotate = (idOrName: string) => rotateToken(box, { user: bob, idOrName, overlapMs: hour });
    const both = await Promise.allSettled([rotate('ci'), rotate('ci')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(rotate(token.id)).rejects.toMatchObject({ code: 'TOKEN_REPLACED', exitCode: 4 });
    await expect(rotate('nobody')).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
    revokeToken(box.registry, { user: bob, idOrName: 'ci' });
    await expect(rotate('ci')).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
    expect(listTokens(box.registry, bob.id)).toHaveLength(2);
  });

  test('is undone by revoking the name: the old one ends too, and by its id alone it ends alone', async () => {
    using box = temporaryRegistry();
    const bob = add(box.registry, 'bob');
    const { token: first } = await createToken(box, { user: bob, name: 'ci' });
    const rotate = () => rotateToken(box, { user: bob, idOrName: 'ci', overlapMs: hour });
    const { token: second } = await rotate();
    const { token: third } = await rotate();
    const revoke = (idOrName: string) => revokeToken(box.registry, { user: bob, idOrName });
    expect(revoke(first.id)).toMatchObject({ changed: true, token: { id: first.id } });
    expect(liveIds(box, bob.id)).toEqual([second.id, third.id].toSorted());
    expect(revoke('ci')).toMatchObject({ changed: true, token: { id: third.id } });
    expect(liveIds(box, bob.id)).toEqual([]);
    expect(revoke('ci').changed).toBe(false);
  });
});

test('publishLiveTokens tells every server that has a run-time folder of the tokens that open it', async () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const folderOf = (id: string): string => join(box.home.runtime, 'instance', id);
  const [running, other, never] = ['memory', 'filesystem', 'everything'].map((name) =>
    addServer(box.registry, { user: bob, name, template: name, isPortFree: () => true }),
  );
  if (!running || !other || !never) throw new Error('unreachable');
  const config = { schema: 1 } as BridgeConfig;
  const tokens = { live: [], until: {} };
  for (const { id } of [running, other]) {
    materialise(folderOf(id), {
      config,
      tokens,
      policy: openPolicy,
      issuer: undefined,
      secrets: new Map(),
      owner,
    });
  }
  const expiresAt = box.clock.now() + 1_000;
  const { token } = await createToken(box, { user: bob, name: 'laptop' });
  const { token: narrow } = await createToken(box, {
    user: bob,
    name: 'narrow',
    servers: ['memory'],
    expiresAt,
  });
  const told = ({ id }: { id: string }): unknown =>
    JSON.parse(readFileSync(join(folderOf(id), 'tokens.json'), 'utf8'));
  publishLiveTokens(box.registry, { userId: bob.id, folderOf, owner });
  expect(told(running)).toEqual({
    live: [...[token.id, narrow.id].toSorted(), running.id],
    until: { [narrow.id]: expiresAt },
  });
  expect(told(other)).toEqual({ live: [token.id, other.id], until: {} });
  revokeToken(box.registry, { user: bob, idOrName: 'laptop' });
  publishLiveTokens(box.registry, { userId: bob.id, folderOf, owner });
  expect(told(other)).toEqual({ live: [other.id], until: {} });
  expect(() => statSync(folderOf(never.id))).toThrow(/ENOENT/);
});

test('a probe token is the server’s, short-lived, and may only read', async () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const server = { id: 'saaa' };
  const jwt = await probeToken(
    { home: box.home, registry: box.registry, clock: box.clock },
    { user: bob, server },
  );
  const payload = await verify(box, jwt, bob.id);
  expect(payload).toMatchObject({ jti: 'saaa', scope: 'tools:read resources:read prompts:read' });
  expect(payload.exp).toBe(box.clock.now() / 1000 + 3600);
});

describe('loadTokenKeys', () => {
  test('makes one private key, and gives the same to all', async () => {
    using home = temporaryHome();
    ensureHome(home);
    const load = (): ReturnType<typeof loadTokenKeys> => loadTokenKeys(home);
    const [first, ...others] = await Promise.all([load(), load(), load()]);
    for (const other of others) expect(other).toEqual(first);
    expect(Object.keys(first?.publicJwk ?? {})).toEqual(['kty', 'crv', 'x']);
    expect(statSync(file(home)).mode & 0o777).toBe(0o600);
  });

  test('says what is wrong with a damaged key without repeating it', async () => {
    using home = temporaryHome();
    ensureHome(home);
    const { privateJwk } = await loadTokenKeys(home);
    writeFileSync(file(home), `{"crv":"Ed25519","d":"${privateJwk.d}"`, { mode: 0o600 });
    const error: unknown = await loadTokenKeys(home).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KEY_INVALID', exitCode: 4 });
    expect(JSON.stringify(error) + String(error)).not.toContain(privateJwk.d);
  });

  function file(home: Home): string {
    return join(home.keys, 'token.jwk');
  }
});

test('a token of a user who is removed while it is signed is not made', async () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const made = createToken(box, { user: bob, name: 'laptop' });
  removeUser(box.registry, bob.id, { keepUid: false, config: { quarantineHours: 0 } });
  await expect(made).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
});
