import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { expect, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Images } from '../../../src/engine/engine.ts';
import { EngineError } from '../../../src/errors.ts';
import { ensureBase } from '../../../src/image/ensure-base.ts';
import { fakeImages } from './fake-images.ts';

function request(images: Images, baseImage: string) {
  const notices: string[] = [];
  const notice = (line: string) => notices.push(line);
  return {
    images,
    config: hostConfigSchema.parse({ baseImage }),
    env: process.env,
    notice,
    notices,
  };
}

async function memberNames(tar: Readable): Promise<Set<string>> {
  const names = new Set<string>();
  const members = tar.pipe(extract()) as AsyncIterable<Readable & { header: Header }>;
  for await (const member of members) {
    names.add(member.header.name);
    member.resume();
  }
  return names;
}

test('an image that is there is used without asking a registry', async () => {
  const images = fakeImages({
    id: () => Promise.resolve('sha256:local'),
    pull: () => Promise.reject(new Error('asked a registry')),
  });
  const base = await ensureBase(request(images, 'local/node:1'));
  expect(base).toMatchObject({ reference: 'local/node:1', id: 'sha256:local' });
});

test('an image that is not there is pulled', async () => {
  const pulled = new Set<string>();
  const images = fakeImages({
    id: (reference) => Promise.resolve(pulled.has(reference) ? 'sha256:pulled' : undefined),
    pull: (reference) => Promise.resolve(pulled.add(reference).size > 0),
  });
  const asked = request(images, 'remote/node:1');
  expect(await ensureBase(asked)).toMatchObject({
    reference: 'remote/node:1',
    id: 'sha256:pulled',
  });
  expect(asked.notices).toEqual([]);
});

test('what the engine says against the assembled one is told with what to do', async () => {
  const full = new EngineError('no space left on device', { code: 'ENGINE_ERROR' });
  const images = fakeImages({ import: () => Promise.reject(full) });
  await expect(ensureBase(request(images, 'unreachable/node:1'))).rejects.toMatchObject({
    code: 'BASE_IMAGE',
    message: expect.stringMatching(
      /^The engine doesn’t take .*: no space left on device$/,
    ) as string,
    suggestions: expect.arrayContaining([expect.stringContaining('image prune')]) as string[],
  });
});

test('without a registry it is assembled once from this host, with a notice', async () => {
  const imported = new Map<string, Set<string>>();
  const images = fakeImages({
    id: (reference) => Promise.resolve(imported.has(reference) ? 'sha256:made' : undefined),
    import: async (tar, { reference }) => {
      imported.set(reference, await memberNames(tar));
      return 'sha256:made';
    },
  });
  const asked = request(images, 'unreachable/node:1');
  const base = await ensureBase(asked);
  expect(base.reference).toMatch(/^mcpd\/base:[0-9a-f]{12}$/);
  expect(asked.notices).toHaveLength(1);
  expect(asked.notices[0]).toContain('unreachable/node:1');

  const names = imported.get(base.reference) ?? new Set();
  for (const name of [
    'usr/local/bin/node',
    'usr/local/lib/node_modules/npm/bin/npm-cli.js',
    'etc/ssl/certs/ca-certificates.crt',
    'etc/nsswitch.conf',
    'tmp',
  ]) {
    expect(names).toContain(name);
  }
  expect([...names].some((name) => /\/ld-[^/]*\.so/.test(name))).toBe(true);

  expect(await ensureBase(asked)).toEqual(base);
  expect(asked.notices).toHaveLength(1);
});
