import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorResult } from '../../src/doctor/result.ts';
import { bridgeName } from '../../src/firewall/bridge.ts';
import type { ServiceStatusResult } from '../../src/service/result.ts';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';
import { withSecret } from '../e2e/keeper.ts';
import { Machine, type Account } from './machine.ts';

const secret = 'a value that nobody else has';
const atWork = {
  installed: true,
  well: [
    'mcpd-prepare.service',
    'mcpd.service',
    'mcpd-firewall.service',
    'mcpd-gc.service',
    'mcpd-gc.timer',
    'mcpd-oidc.service',
    'mcpd-oidc.timer',
  ],
};

const disposals = new Disposals();
let machine: Machine;
let files: OwnTemplate;
let environment: OwnTemplate;
let base: string;
let bob: AddedUser;

beforeAll(async () => {
  files = disposals.add(await OwnTemplate.copyOf('filesystem'));
  environment = disposals.add(await OwnTemplate.copyOf('everything', withSecret));
  machine = disposals.add(await Machine.open());
  base = await copyImages();
  await settings('/var/lib/mcpd/config.json', { baseImage: base });
  await copyText(secret, '/root/key');
  for (const one of [files, environment]) await machine.copy(one.folder, placeOf(one));
  await machine.run(['chmod', '--recursive', 'go+rX', '/opt']);
  await machine.systemctl('enable', 'nftables');
  const servers = [files, environment].map((one) => `--server=${placeOf(one)}`);
  const flags = ['--storage=64M', '--secret=API_KEY=@/root/key', ...servers];
  bob = await machine.mcpd<AddedUser>(['user', 'add', 'bob', ...flags]);
  const file = { path: '/workspace/kept.txt', content: 'kept' };
  await use(files, 'write_file', file);
});

afterAll(() => disposals.dispose(), 120_000);

it('units are installed, enabled and at work, and the same again changes nothing', async () => {
  expect(await machine.mcpd(['service', 'install'])).toMatchObject({ changed: true });
  await machine.isUp();
  expect(await machine.mcpd(['service', 'install'])).toMatchObject({ changed: false });
  expect(await unitsOf()).toEqual(atWork);
});

describe('after a reboot', () => {
  let before: readonly string[];

  beforeAll(async () => {
    before = await containers();
    await machine.reboot();
  });

  it('servers answer as before: address, token, secret and files, in the same containers', async () => {
    expect(await look()).toEqual(belongings());
    expect(await containers()).toEqual(before);
    expect(await machine.isUp()).toBe('running');
  });

  it('what containers need was there before the engine, which started them by itself', async () => {
    const at = async (unit: string, when: string) =>
      Number(await machine.systemctl('show', '--value', `--property=${when}Monotonic`, unit));
    const prepared = await at('mcpd-prepare.service', 'ActiveEnterTimestamp');
    expect(prepared).toBeGreaterThan(0);
    expect(prepared).toBeLessThan(await at('docker.service', 'InactiveExitTimestamp'));
    expect(await log('mcpd-prepare.service')).toContain('Users: 1 ready for the engine to start.');
    expect(await log('mcpd.service')).toContain('Nothing changed.');
  });

  it('units are at work, timers tick, and what they run succeeds', async () => {
    expect(await unitsOf()).toEqual(atWork);
    const timers = await machine.systemctl('list-timers', '--no-legend');
    expect(timers).toContain('mcpd-gc.timer');
    expect(timers).toContain('mcpd-oidc.timer');
    await machine.systemctl('start', 'mcpd-gc.service', 'mcpd-oidc.service');
    expect(await unitsOf()).toEqual(atWork);
  });
});

it('after the engine was restarted, servers answer as before', async () => {
  await machine.systemctl('restart', 'docker');
  await machine.isUp();
  expect(await look()).toEqual(belongings());
  expect(await unitsOf()).toEqual(atWork);
});

it('an engine that somebody stopped stays stopped, and starts with all users', async () => {
  const isActive = (unit: string) =>
    machine.systemctl('show', '--value', '--property=ActiveState', unit);
  await machine.systemctl('stop', 'docker');
  expect(await isActive('mcpd-gc.timer')).toBe('inactive');
  expect(await isActive('docker.service')).toBe('inactive');
  await machine.systemctl('start', 'docker');
  await machine.isUp();
  expect(await look()).toEqual(belongings());
  expect(await unitsOf()).toEqual(atWork);
});

it.each([
  ['restart', 'mcpd-firewall.service'],
  ['reload', 'mcpd.service'],
])(
  'after nftables %s, which flushes all rules, they are back by themselves',
  async (verb, unit) => {
    const before = await profiles();
    await machine.systemctl(verb, 'nftables');
    await machine.isUp();
    expect(await log(unit)).toContain('firewall.set  bob     there is no table inet mcpd');
    expect(await profiles()).toBe(before);
    expect(await unitsOf()).toEqual(atWork);
  },
);

it('a firewall that stops nftables, as firewalld does, can be restarted', async () => {
  const lines = ['[Unit]', 'Conflicts=nftables.service', '[Service]', 'ExecStart=sleep infinity'];
  await copyText(lines.join('\n'), '/etc/systemd/system/other.service');
  await machine.systemctl('daemon-reload');
  await machine.systemctl('restart', 'other');
  await machine.systemctl('restart', 'other');
  expect(await unitsOf()).toEqual(atWork);
  await machine.systemctl('restart', 'nftables');
});

it('the engine’s own rules went with them: doctor says so, until the engine is restarted', async () => {
  expect(await engineRules()).toBe('fail');
  // It counts its starts, and there were many.
  await machine.systemctl('reset-failed', 'docker');
  await machine.systemctl('restart', 'docker');
  expect(await engineRules()).toBe('ok');
});

it('units of an account bring its users back, and leave those of others alone', async () => {
  const alice = await machine.addAccount('alice');
  const ports = { start: 21_000, end: 21_999 };
  const config = { baseImage: base, ports, subnets: { pool: '10.210.0.0/16' } };
  await settings('/home/alice/.local/state/mcpd/config.json', config, alice);
  const carol = await machine.mcpd<AddedUser>(
    ['user', 'add', 'carol', `--server=${placeOf(files)}`],
    alice,
  );
  await machine.mcpd(['service', 'install'], alice);
  await machine.reboot();
  await expect.poll(() => answers(carol), { timeout: 60_000, interval: 250 }).toBe(true);
  expect(await unitsOf(alice)).toEqual(atWork);
  expect(await look()).toEqual(belongings());
  expect(await machine.mcpd(['service', 'remove'], alice)).toMatchObject({ changed: true });
  expect(await answers(carol)).toBe(true);
});

it('service remove leaves no unit, and servers that run', async () => {
  expect(await machine.mcpd(['service', 'remove'])).toMatchObject({ changed: true });
  expect(await machine.systemctl('list-units', '--all', '--no-legend', 'mcpd*')).toBe('');
  expect(await machine.run(['find', '/etc/systemd', '-name', '*mcpd*'])).toBe('');
  expect(await look()).toEqual(belongings());
});

/** What bob has, as a client and the administrator see it; fails while a server isn't up. */
async function look() {
  const { servers } = await machine.mcpd<AddedUser>(['user', 'show', 'bob']);
  const variables = JSON.parse(await use(environment, 'get-env')) as Record<string, string>;
  return {
    addresses: servers.map(({ url }) => url),
    file: await use(files, 'read_text_file', { path: '/workspace/kept.txt' }),
    secret: variables['API_KEY'],
    filtered: (await profiles()).includes(bridgeName(bob.user.network.subnet)),
  };
}

function belongings(): Awaited<ReturnType<typeof look>> {
  return { addresses: bob.servers.map(({ url }) => url), file: 'kept', secret, filtered: true };
}

async function unitsOf(account?: Account) {
  const status = await machine.mcpd<ServiceStatusResult>(['service', 'status'], account);
  const well = status.units.filter(({ file, result }) => file === 'same' && result === 'success');
  return { installed: status.installed, well: well.map(({ name }) => name) };
}

function use(template: OwnTemplate, tool: string, args?: Record<string, unknown>): Promise<string> {
  const url = bob.servers.find(({ name }) => name === template.name)?.url;
  if (url === undefined) throw new Error(`bob has no server ${template.name}`);
  return machine.call({ url, token: bob.token, tool, ...(args && { args }) });
}

function answers({ servers, token }: AddedUser): Promise<boolean> {
  const [{ url } = { url: '' }] = servers;
  return machine.call({ url, token, tool: 'list_allowed_directories' }).then(
    () => true,
    () => false,
  );
}

/** Where a template is there. */
function placeOf({ name }: OwnTemplate): string {
  return join('/opt', name);
}

/** Which profile each tenant's device has. */
function profiles(): Promise<string> {
  return machine.run(['nft', 'list', 'map', 'inet', 'mcpd', 'tenants']);
}

/** What doctor says of the engine's own rules; it ends with 1 for what is wrong elsewhere too. */
async function engineRules(): Promise<string | undefined> {
  const result = await machine.run(['sh', '-c', 'mcpd doctor --json || true']);
  const { checks } = JSON.parse(result) as DoctorResult;
  return checks.find(({ id }) => id === 'engine-rules')?.status;
}

async function containers(): Promise<readonly string[]> {
  return (await machine.run(['docker', 'ps', '-aq'])).split('\n').toSorted();
}

/** Of a unit's last run. */
async function log(unit: string): Promise<string> {
  const id = await machine.systemctl('show', '--value', '--property=InvocationID', unit);
  return machine.run(['journalctl', '--output=cat', `_SYSTEMD_INVOCATION_ID=${id}`]);
}

/** From the machine's own engine, which can reach what a build needs; gives the base of both templates. */
async function copyImages(): Promise<string> {
  await using finder = await Tenancy.open();
  await finder.json(['image', 'build', 'filesystem']);
  const list = await finder.json<{ images: { tags: string[]; current: boolean }[] }>([
    'image',
    'list',
  ]);
  const current = list.images.filter((image) => image.current).flatMap(({ tags }) => tags);
  const { value } = await finder.json<{ value: string }>(['config', 'get', 'baseImage']);
  const baseImage = current.find((tag) => tag.startsWith('mcpd/base:')) ?? value;
  // Named, so that nobody there makes one from what that machine has.
  await using builder = await Tenancy.open({ baseImage });
  const build = ['image', 'build', files.folder, environment.folder];
  const { images } = await builder.json<{ images: { tag: string }[] }>(build);
  await machine.copyImages([baseImage, ...images.map(({ tag }) => tag)]);
  return baseImage;
}

async function settings(path: string, config: object, account?: Account): Promise<void> {
  await machine.run(['mkdir', '-p', join(path, '..')], account);
  await copyText(JSON.stringify(config), path);
  if (account) await machine.run(['chown', account.name, path]);
}

/** Writes a file there that only its owner reads. */
async function copyText(content: string, path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-copy-'));
  try {
    await writeFile(join(folder, 'file'), content, { mode: 0o600 });
    await machine.copy(join(folder, 'file'), path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
