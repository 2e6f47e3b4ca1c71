import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { importJWK, jwtVerify, type JWTPayload } from 'jose';
import { describe, expect, test } from 'vitest';
import { ensureHome } from '../../../src/config/folder.ts';
import type { Home } from '../../../src/config/home.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { materialise } from '../../../src/secrets/materialise.ts';
import { probeToken, tokenAudience, tokenIssuer } from '../../../src/tokens/issue.ts';
import { loadTokenKeys } from '../../../src/tokens/keys.ts';
import { publishLiveTokens } from '../../../src/tokens/publish.ts';
import { createToken, listTokens, liveTokenIds, revokeToken } from '../../../src/tokens/store.ts';
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
    expect(liveTokenIds(box.registry, bob.id)).toEqual([token.id]);
    box.clock.advanceHours(1);
    await expect(verify(box, jwt, bob.id)).rejects.toThrow(/exp/);
    expect(liveTokenIds(box.registry, bob.id)).toEqual([]);
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
    const revoke = (userId: string, idOrName: string): { changed: boolean } =>
      revokeToken(box.registry, { userId, idOrName });
    expect(thrownBy(() => revoke(eve.id, first.token.id))).toMatchObject({ exitCode: 3 });
    expect(revoke(bob.id, 'laptop').changed).toBe(true);
    expect(liveTokenIds(box.registry, bob.id)).toEqual([]);
    expect(revoke(bob.id, 'laptop').changed).toBe(false);
    const second = await createToken(box, { user: bob, name: 'laptop' });
    expect(revoke(bob.id, first.token.id).changed).toBe(false);
    expect(liveTokenIds(box.registry, bob.id)).toEqual([second.token.id]);
    expect(revoke(bob.id, second.token.id).changed).toBe(true);
    expect(thrownBy(() => revoke(bob.id, 'laptpo'))).toMatchObject({
      code: 'TOKEN_NOT_FOUND',
      suggestions: [expect.stringContaining('laptop'), 'mcpd token list bob'],
    });
  });
});

test('publishLiveTokens tells every server of the user that has a run-time folder', async () => {
  using box = temporaryRegistry();
  const bob = add(box.registry, 'bob');
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const folderOf = (id: string): string => join(box.home.runtime, 'instance', id);
  const [running, never] = ['memory', 'filesystem'].map((name) =>
    addServer(box.registry, { user: bob, name, template: name, isPortFree: () => true }),
  );
  if (!running || !never) throw new Error('unreachable');
  const config = { schema: 1 } as BridgeConfig;
  materialise(folderOf(running.id), { config, live: [], secrets: new Map(), owner });
  const { token } = await createToken(box, { user: bob, name: 'laptop' });
  const live = (): unknown =>
    JSON.parse(readFileSync(join(folderOf(running.id), 'tokens.json'), 'utf8'));
  publishLiveTokens(box.registry, { userId: bob.id, folderOf, owner });
  expect(live()).toEqual({ live: [token.id, running.id] });
  revokeToken(box.registry, { userId: bob.id, idOrName: 'laptop' });
  publishLiveTokens(box.registry, { userId: bob.id, folderOf, owner });
  expect(live()).toEqual({ live: [running.id] });
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
