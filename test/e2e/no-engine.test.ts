import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { words } from '../support/lines.ts';
import { refusal } from '../support/refusal.ts';
import { snapshot, type Snapshot } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';

let tenancy: Tenancy;
let cutOff: Tenancy;
let before: Snapshot;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  cutOff = tenancy.with({ env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });
  await tenancy.addUser('bob', '--no-start');
  await tenancy.json(['secret', 'set', 'bob', 'KEY'], 'value');
  before = await snapshot(tenancy);
}, 300_000);

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

describe('without an engine', () => {
  it.each([
    'user add alice',
    'user add bob',
    'user update bob --memory 1g',
    'user rename bob robert',
    'user remove bob --yes',
    'user remove bob --purge --yes',
    'run -- true',
    'gc',
    'server add bob/memory',
    'server remove bob/filesystem --yes',
    'start bob',
    'stop bob',
    'restart bob',
    'plan',
    'up',
    'up bob',
    'upgrade --all',
    'gc',
    'down --all --yes',
    'logs bob',
    'exec bob/filesystem -- true',
    'stats --no-stream',
    'image build filesystem',
    'image list',
    'image prune --yes',
  ])('%s says so, and changes nothing', async (command) => {
    const { exits, document, human } = await refusal(cutOff, words(command));
    expect(document.error).toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      suggestions: expect.arrayContaining([expect.stringContaining('DOCKER_HOST')]) as string[],
    });
    expect(exits).toEqual([5, 5]);
    expect(human.stderr).toContain(document.error?.message);
    expect(await snapshot(tenancy)).toEqual(before);
  });

  it.each([
    'user list',
    'secret list bob',
    'token list bob',
    'template list',
    'config list',
    'connect bob',
    'capacity',
    'audit bob',
    'group list',
    'prepare',
  ])('%s works as ever', async (command) => {
    const [without, with_] = await Promise.all(
      [cutOff, tenancy].map((home) => home.json(words(command))),
    );
    expect(without).toEqual(with_);
  });

  it.each(['user show bob', 'server list', 'server show bob/filesystem', 'status', 'ports'])(
    '%s tells what the registry knows, that states are unknown, and why',
    async (command) => {
      expect(await tenancy.json(words(command))).toMatchObject({ stale: false });
      const document = await cutOff.json(words(command));
      expect(document).toMatchObject({ stale: true });
      const human = await cutOff.run(words(command));
      expect(human).toMatchObject({
        code: 0,
        stderr: 'No container engine answers. States are unknown.\n',
      });
      if (command === 'ports') return;
      expect(JSON.stringify(document)).toContain('"state":"unknown"');
      expect(human.stdout).toMatch(/\bunknown\b/);
    },
  );

  it('metrics say that the engine is down', async () => {
    expect((await tenancy.run(['metrics'])).stdout).toContain('\nmcpd_engine_up 1\n');
    expect((await cutOff.run(['metrics'])).stdout).toContain('\nmcpd_engine_up 0\n');
  });

  it('nothing of that changed anything', async () => {
    expect(await snapshot(tenancy)).toEqual(before);
  });

  it.each([
    ['tcp://127.0.0.1:1', 5, 'ENGINE_UNREACHABLE'],
    ['unix:///etc/passwd', 5, 'ENGINE_UNREACHABLE'],
    ['nonsense', 2, 'ENGINE_ADDRESS'],
  ])('an address that is none is told apart: %s', async (address, exit, code) => {
    const elsewhere = tenancy.with({ env: { DOCKER_HOST: address } });
    const { exits, document } = await refusal(elsewhere, words('user add alice'));
    expect(document.error).toMatchObject({ code });
    expect(document.error?.suggestions).not.toEqual([]);
    expect(exits).toEqual([exit, exit]);
    expect(await snapshot(tenancy)).toEqual(before);
  });

  it('doctor ends with 1 and names the engine among what is wrong', async () => {
    const { code, stdout } = await cutOff.run(['doctor', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ healthy: false });
    expect(stdout).toContain('DOCKER_HOST');
  });
});
