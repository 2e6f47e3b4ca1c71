import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { BuildOptions, Images } from '../../../src/engine/engine.ts';
import {
  EngineError,
  NotFoundError,
  RefusedError,
  UsageError,
  type McpdError,
} from '../../../src/errors.ts';
import { ensureImage } from '../../../src/image/build.ts';
import { currentImage, currentReferences } from '../../../src/image/current.ts';
import { templateSchema, type Template } from '../../../src/templates/schema.ts';
import { fakeImages } from './fake-images.ts';

const packageRoot = join(import.meta.dirname, '../../..');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mcpd-build-'));
  await mkdir(join(root, 'dist'));
  await cp(join(packageRoot, 'Dockerfile.mcp'), join(root, 'Dockerfile.mcp'));
  await writeFile(join(root, 'dist/bridge.cjs'), 'bridge');
});
afterEach(() => rm(root, { recursive: true }));

function template(npm: string, rest: Partial<Template> = {}): Template {
  const parsed = templateSchema.parse({
    name: 'notes',
    title: 'Notes',
    description: 'Keeps notes.',
    source: { npm },
    command: ['node', '${package}/index.js'],
    riskLevel: 'low',
    requiresUserIsolation: false,
    userAware: false,
  });
  return { ...parsed, folder: root, ...rest };
}

/** A store with a base, that remembers what it was asked to build. */
function store(baseId = 'sha256:base') {
  const ids = new Map([['node:24-bookworm-slim', baseId]]);
  const builds: (BuildOptions & { archive: string })[] = [];
  const images: Images = fakeImages({
    id: (reference) => Promise.resolve(ids.get(reference)),
    build: async (tar: Readable, options) => {
      builds.push({ ...options, archive: await text(tar) });
      ids.set(options.tag, `sha256:${builds.length}`);
      return `sha256:${builds.length}`;
    },
  });
  return { images, builds };
}

function request(images: Images, { extraCaCertificates = [] as string[], env = {} } = {}) {
  return {
    images,
    template: template('left-pad@1.3.0'),
    config: hostConfigSchema.parse({ extraCaCertificates }),
    assets: { root },
    env: env as NodeJS.ProcessEnv,
    notice: () => undefined,
  };
}

async function tagOf(change: Partial<ReturnType<typeof request>> = {}, baseId?: string) {
  const { images } = store(baseId);
  return (await ensureImage({ ...request(images), ...change })).tag;
}

test('an image is built once, and known from then on', async () => {
  const { images, builds } = store();
  expect(await currentImage(request(images))).toBeUndefined();
  const first = await ensureImage(request(images));
  expect(first).toEqual({
    tag: expect.stringMatching(/^mcpd\/notes:[0-9a-f]{12}$/) as string,
    id: 'sha256:1',
    built: true,
  });
  expect(await ensureImage(request(images))).toEqual({ ...first, built: false });
  expect(await currentImage(request(images))).toEqual({ tag: first.tag, id: 'sha256:1' });
  expect(builds).toHaveLength(1);
});

test('twenty at once build it once', async () => {
  const { images, builds } = store();
  const asked = { ...request(images), template: template('left-pad@1.3.0', { name: 'crowd' }) };
  await Promise.all(Array.from({ length: 20 }, () => ensureImage(asked)));
  expect(builds).toHaveLength(1);
});

test('the tag follows the base, the package, the bridge and the certificates', async () => {
  const tags = [await tagOf(), await tagOf({}, 'sha256:other')];
  tags.push(await tagOf({ template: template('left-pad@1.2.0') }));
  const ca = join(root, 'ca.pem');
  await writeFile(ca, 'PEM');
  const { images } = store();
  tags.push((await ensureImage(request(images, { extraCaCertificates: [ca] }))).tag);
  await writeFile(join(root, 'dist/bridge.cjs'), 'another bridge');
  tags.push(await tagOf());
  expect(new Set(tags).size).toBe(5);
});

test('the tag does not follow proxies and registries', async () => {
  const env = { HTTPS_PROXY: 'http://proxy', npm_config_registry: 'https://npm.example.com/' };
  expect(await tagOf({ env })).toBe(await tagOf());
});

test('proxies and a plain registry go to the build, a registry with a password does not', async () => {
  const { images, builds } = store();
  const env = { HTTPS_PROXY: 'http://proxy', npm_config_registry: 'https://npm.example.com/' };
  await ensureImage(request(images, { env }));
  expect(builds[0]?.buildArgs).toMatchObject(env);

  const other = store();
  const secret = 'https://bob:hunter2@npm.example.com/';
  await ensureImage(request(other.images, { env: { npm_config_registry: secret } }));
  expect(JSON.stringify(other.builds)).not.toContain('hunter2');
});

test('a locked template is installed by its lock, another one from its spec', async () => {
  const unlocked = store();
  await ensureImage(request(unlocked.images));
  expect(unlocked.builds[0]?.archive).toContain('"dependencies":{"left-pad":"1.3.0"}');
  expect(unlocked.builds[0]?.archive).toContain('"install", "--omit=dev"');

  await writeFile(join(root, 'package.json'), '{"name":"mine"}');
  await writeFile(join(root, 'package-lock.json'), '{"lockfileVersion":3}');
  const locked = store();
  await ensureImage(request(locked.images));
  expect(locked.builds[0]?.archive).toContain('{"lockfileVersion":3}');
  expect(locked.builds[0]?.archive).toContain('"ci", "--omit=dev"');
});

test('a local folder goes along without what is installed, versioned or private', async () => {
  const folder = join(root, 'server');
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"anything"}');
  await writeFile(join(folder, 'index.js'), 'run();');
  await writeFile(join(folder, '.env.local'), 'TOKEN=hunter2');
  await writeFile(join(folder, '.npmrc'), '_authToken=hunter2');
  const { images, builds } = store();
  await ensureImage({ ...request(images), template: template('./server') });
  expect(builds[0]?.buildArgs['PROJECT']).toBe('/opt/mcp/node_modules/notes');
  expect(builds[0]?.archive).toContain('app/node_modules/notes/index.js');
  expect(builds[0]?.archive).not.toContain('hunter2');
});

test('a failed build shows its last twenty lines', async () => {
  const images = fakeImages({
    id: (reference) => Promise.resolve(reference.startsWith('node:') ? 'sha256:base' : undefined),
    build: (_tar, { onLine }) => {
      for (let line = 1; line <= 30; line += 1) onLine?.(`line ${line}.`);
      return Promise.reject(new EngineError('exit code 1', { code: 'ENGINE_ERROR' }));
    },
  });
  const error = await ensureImage(request(images)).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(EngineError);
  const { message, code } = error as EngineError;
  expect(code).toBe('IMAGE_BUILD_FAILED');
  expect(message).toContain('exit code 1');
  expect(message).toContain('line 11.');
  expect(message).toContain('line 30.');
  expect(message).not.toContain('line 10.');
});

test.each([
  ['an OCI image', { source: { image: 'vendor/server:1' } }, RefusedError],
  ['a folder that is not there', { source: { npm: './gone' } }, NotFoundError],
  ['a tarball that is none', { source: { npm: './Dockerfile.tgz' } }, UsageError],
])('%s is refused before anything is built', async (_what, change, type) => {
  await cp(join(root, 'Dockerfile.mcp'), join(root, 'Dockerfile.tgz'));
  const asked = { ...request(fakeImages()), template: template('x', change) };
  const error = await ensureImage(asked).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  expect((error as McpdError).suggestions).not.toEqual([]);
});

test('a certificate that can’t be read names the setting', async () => {
  const { images } = store();
  const asking = ensureImage(request(images, { extraCaCertificates: ['/gone/ca.pem'] }));
  await expect(asking).rejects.toThrow(/\/gone\/ca\.pem.*extraCaCertificates/);
});

test('a missing bridge says how to build it', async () => {
  await rm(join(root, 'dist/bridge.cjs'));
  const error = await ensureImage(request(store().images)).catch((e: unknown) => e);
  expect((error as NotFoundError).suggestions).toContain('npm run build');
});

test('what is current names the base and every template that can be built', async () => {
  const { images } = store();
  const asked = request(images);
  const { tag } = await ensureImage(asked);
  const gone = template('./gone', { name: 'gone' });
  expect(await currentReferences(asked, [asked.template, gone])).toEqual(
    new Set(['node:24-bookworm-slim', tag]),
  );
});
