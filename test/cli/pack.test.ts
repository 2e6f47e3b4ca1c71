import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const packageRoot = join(import.meta.dirname, '../..');
const launcher = join(packageRoot, 'bin/run.js');
const oldNode = findOldNode();

let folder: string;
let prefix: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpd-pack-'));
  prefix = join(folder, 'prefix');
  // As it is built now; and into nothing, from nothing but the tarball.
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: packageRoot });
  const tarball = join(folder, stdout.trim());
  const install = ['install', '--global', '--prefix', prefix, '--offline', '--no-audit', tarball];
  await run('npm', install, { cwd: folder, env: { ...process.env, npm_config_cache: folder } });
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the installed command with no other program than this Node on the PATH. */
function mcpd(...args: string[]) {
  return run(join(prefix, 'bin/mcpd'), args, { env: environment(dirname(process.execPath)) });
}

function environment(path: string): NodeJS.ProcessEnv {
  const home = join(folder, 'home');
  return { PATH: path, HOME: folder, MCPD_HOME: home, DOCKER_HOST: 'unix:///nowhere' };
}

describe('the packed tarball, installed into an empty prefix', () => {
  it('brings no dependency', async () => {
    expect(await readdir(join(prefix, 'lib/node_modules'))).toEqual(['mcpd']);
    expect(await readdir(join(prefix, 'lib/node_modules/mcpd'))).not.toContain('node_modules');
  });

  it('says its version', async () => {
    const { stdout } = await mcpd('--version');
    expect(stdout).toMatch(/^mcpd\/\d+\.\d+\.\d+ linux-\S+ node-v/);
    expect(stdout).toContain(process.version);
  });

  it('lists the users of a home that is not there yet, and writes nothing', async () => {
    const { stdout } = await mcpd('user', 'list', '--json');
    expect(JSON.parse(stdout)).toEqual({ users: [] });
    expect((await mcpd('user', 'list')).stdout).not.toBe('');
    expect(await readdir(folder)).not.toContain('home');
  });

  it('lists its templates', async () => {
    const { stdout } = await mcpd('template', 'list', '--json');
    const { templates } = JSON.parse(stdout) as { templates: { name: string }[] };
    expect(templates.map(({ name }) => name)).toEqual(
      await readdir(join(packageRoot, 'templates')),
    );
  });

  it('has what images are built from, and looks for an engine when it needs one', async () => {
    const failure = mcpd('user', 'add', 'bob', '--json');
    await expect(failure).rejects.toMatchObject({
      code: 5,
      stdout: expect.stringContaining('ENGINE_UNREACHABLE') as string,
    });
    const files = await readdir(join(prefix, 'lib/node_modules/mcpd'), { recursive: true });
    expect(files).toEqual(expect.arrayContaining(['Dockerfile.mcp', 'dist/bridge.cjs']));
    expect(files.filter((file) => /(?:^|\/)(?:src|test)\//.test(file))).toEqual([]);
  });
});

describe.skipIf(oldNode === undefined)(
  'under a Node that is too old (if this host has one)',
  () => {
    const options = () => ({ env: environment(dirname(oldNode ?? '')) });

    it('an installed mcpd says which it needs, in one line', async () => {
      const failure = run(oldNode ?? '', [join(prefix, 'bin/mcpd'), 'user', 'list'], options());
      await expect(failure).rejects.toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^mcpd needs Node 22\.13 or newer; this is \d+\.\d+\.\d+\.\n$/,
        ) as string,
      });
    });

    it('a clone goes on with the Node of its own, and hands on how it ended', async () => {
      const { stdout } = await run(oldNode ?? '', [launcher, '--version'], options());
      expect(stdout).toMatch(/node-v(?:2[2-9]|[3-9]\d)\./);
      const failure = run(oldNode ?? '', [launcher, 'nope'], options());
      await expect(failure).rejects.toMatchObject({ code: 2 });
    });
  },
);

/** The system's Node, when it is older than mcpd can use. */
function findOldNode(): string | undefined {
  const file = '/usr/bin/node';
  try {
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return major < 22 || (major === 22 && minor < 13) ? file : undefined;
  } catch {
    return undefined;
  }
}
