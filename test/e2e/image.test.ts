import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostConfigSchema } from '../../src/config/schema.ts';
import { connect } from '../../src/engine/docker/client.ts';
import { DockerImages } from '../../src/engine/docker/images.ts';
import type { EngineError } from '../../src/errors.ts';
import { ensureImage } from '../../src/image/build.ts';
import { findTemplate, listTemplates } from '../../src/templates/catalog.ts';
import { expandCommand } from '../../src/templates/program.ts';
import type { Template } from '../../src/templates/schema.ts';

const packageRoot = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const buildMs = 240_000;

// A name of its own, so that tests in parallel don't share images, and nothing is left behind.
const name = `t${randomBytes(5).toString('hex')}`;
let folder: string;
let root: string;
let images: DockerImages;

beforeAll(async () => {
  images = new DockerImages(await connect(process.env));
  folder = await mkdtemp(join(tmpdir(), 'mcpd-image-'));
  // A bridge of its own: the real one may not be built, and is not what is tested here.
  root = join(folder, 'root');
  await mkdir(join(root, 'dist'), { recursive: true });
  await cp(join(packageRoot, 'Dockerfile.mcp'), join(root, 'Dockerfile.mcp'));
  await writeFile(join(root, 'dist/bridge.cjs'), `console.log('bridge of ${name}');\n`);
});

afterAll(async () => {
  const label = `label=mcpd.template=${name}`;
  const { stdout } = await run('docker', ['images', '--quiet', '--filter', label]);
  for (const id of new Set(stdout.split('\n').filter(Boolean))) await images.remove(id);
  await rm(folder, { recursive: true });
});

function ensure(template: Template, assetsRoot = root) {
  return ensureImage({
    images,
    template,
    config: hostConfigSchema.parse({}),
    assets: { root: assetsRoot },
    env: process.env,
    notice: () => undefined,
  });
}

/** A template of its own: a package folder with a server that answers one question. */
async function localTemplate(change: { npm?: string; dependencies?: Record<string, string> } = {}) {
  const path = await mkdtemp(join(folder, 'template-'));
  await writeFile(
    join(path, 'package.json'),
    JSON.stringify({ name: 'x', version: '1.0.0', dependencies: change.dependencies ?? {} }),
  );
  await writeFile(join(path, 'index.js'), "console.log('hello from the package');\n");
  const template = {
    name,
    title: 'Test',
    description: 'Test',
    source: { npm: change.npm ?? '.' },
    command: ['node', '${package}/index.js'],
    riskLevel: 'low',
    requiresUserIsolation: false,
    userAware: false,
  };
  await writeFile(join(path, 'template.json'), JSON.stringify(template));
  return path;
}

/** Runs the template's own program in its image, as a tenant would: no rights, read-only root. */
async function startServer(template: Template, image: string) {
  const { argv, env } = expandCommand(template);
  const [program = '', ...args] = argv;
  return {
    command: 'docker',
    args: [
      ...'run --rm --interactive --read-only --tmpfs /tmp --cap-drop ALL --network none'.split(' '),
      ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...`--user 200000:200000 --entrypoint ${program} ${image}`.split(' '),
      ...args,
    ],
  };
}

test.each((await listTemplates(packageRoot)).map((template) => [template.name, template] as const))(
  'the image of %s runs its server, which lists its tools over stdio',
  async (_name, template) => {
    const { id } = await ensure(template, packageRoot);
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(
      new StdioClientTransport({ ...(await startServer(template, id)), stderr: 'ignore' }),
    );
    try {
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    } finally {
      await client.close();
    }
  },
  buildMs,
);

test(
  'a build that is aborted ends at once, with the reason',
  async () => {
    const path = await localTemplate({ dependencies: { 'is-number': '^7.0.0' } });
    const abort = new AbortController();
    const building = ensureImage({
      images,
      template: await findTemplate(path, root),
      config: hostConfigSchema.parse({}),
      assets: { root },
      env: process.env,
      notice: () => undefined,
      // By then the build's leftovers carry the name that the clean-up goes by.
      onLine: (line) => {
        if (line.includes('npm-cli.js')) abort.abort(new Error('stopped'));
      },
      signal: abort.signal,
    });
    await expect(building).rejects.toThrow('stopped');
  },
  buildMs,
);

test(
  'an image starts the bridge, and its history holds neither certificates nor secrets',
  async () => {
    const template = await findTemplate(await localTemplate(), root);
    const { id, built } = await ensure(template);
    expect(built).toBe(true);
    expect((await run('docker', ['run', '--rm', id])).stdout).toBe(`bridge of ${name}\n`);

    const { stdout: history } = await run('docker', ['history', '--no-trunc', id]);
    expect(history).not.toContain('CERTIFICATE');
    expect(history).not.toContain('build.crt');
    expect((await ensure(template)).built).toBe(false);
    expect((await images.list()).find((image) => image.id === id)).toMatchObject({
      template: name,
      usedBy: 0,
    });
  },
  buildMs,
);

test(
  'a folder and a tarball of a package both run, with their dependencies',
  async () => {
    const path = await localTemplate({ dependencies: { 'is-number': '7.0.0' } });
    await writeFile(join(path, 'index.js'), "console.log(require('is-number')(5));\n");
    await run('npm', ['pack', '--silent', '--pack-destination', path], { cwd: path });
    const fromFolder = await findTemplate(path, root);
    const fromTarball = { ...fromFolder, source: { npm: './x-1.0.0.tgz' } };
    for (const template of [fromFolder, fromTarball]) {
      const { id } = await ensure(template);
      const { argv } = expandCommand(template);
      const output = await run('docker', [
        'run',
        '--rm',
        '--entrypoint',
        'node',
        id,
        argv[1] ?? '',
      ]);
      expect(output.stdout).toBe('true\n');
    }
  },
  buildMs,
);

test(
  'commands at once, in processes of their own, end with one and the same image',
  async () => {
    const path = await localTemplate();
    const script = join(folder, 'build.mjs');
    const source = (file: string) => JSON.stringify(join(packageRoot, 'src', file));
    await writeFile(
      script,
      `import { hostConfigSchema } from ${source('config/schema.ts')};
      import { connect } from ${source('engine/docker/client.ts')};
      import { DockerImages } from ${source('engine/docker/images.ts')};
      import { ensureImage } from ${source('image/build.ts')};
      import { findTemplate } from ${source('templates/catalog.ts')};
      const { id, built } = await ensureImage({
        images: new DockerImages(await connect(process.env)),
        template: { ...(await findTemplate(${JSON.stringify(path)}, '')), env: { RUN: 'at once' } },
        config: hostConfigSchema.parse({}),
        assets: { root: ${JSON.stringify(root)} },
        env: process.env,
        notice: () => undefined,
      });
      console.log(JSON.stringify({ id, built }));`,
    );
    await writeFile(join(path, 'index.js'), "console.log('at once');\n");
    const results = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const { stdout } = await run(process.execPath, [script]);
        return JSON.parse(stdout) as { id: string; built: boolean };
      }),
    );
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect(results.filter(({ built }) => built)).toHaveLength(1);
  },
  buildMs,
);

test(
  'a build that fails says so with npm’s own words, and leaves no tag',
  async () => {
    const path = await localTemplate({ dependencies: { 'is-number': '99.99.99' } });
    const error = (await ensure(await findTemplate(path, root)).catch(
      (e: unknown) => e,
    )) as EngineError;
    expect(error.code).toBe('IMAGE_BUILD_FAILED');
    expect(error.message).toContain('is-number@99.99.99');
  },
  buildMs,
);

test('a build whose input breaks off fails, instead of hanging', async () => {
  const broken = spawn(process.execPath, ['-e', 'process.stdout.write("no tar")']);
  const building = images.build(broken.stdout, {
    tag: `mcpd/${name}:broken`,
    dockerfile: 'Dockerfile.mcp',
    buildArgs: {},
    labels: {},
  });
  await expect(building).rejects.toMatchObject({ code: 'ENGINE_ERROR' });
  expect(await images.id(`mcpd/${name}:broken`)).toBeUndefined();
});

test('a pull without a registry says no, and soon', async () => {
  const before = performance.now();
  expect(await images.pull('registry.invalid/nothing:1')).toBe(false);
  expect(performance.now() - before).toBeLessThan(15_000);
}, 30_000);

test('an image that is not ours is never removed', async () => {
  const reference = `foreign-${name}:1`;
  const { stdout } = await run('sh', [
    '-c',
    `tar -c --files-from /dev/null | docker import - ${reference}`,
  ]);
  try {
    await images.remove(stdout.trim());
    expect(await images.id(reference)).toBe(stdout.trim());
  } finally {
    await run('docker', ['rmi', reference]);
  }
});
