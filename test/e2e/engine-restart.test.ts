import { spawn } from 'node:child_process';
import { lstat, readdir, rm } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeName } from '../../src/firewall/bridge.ts';
import type { ToolCall } from '../support/call-tool.ts';
import { confined } from '../support/confined.ts';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { SecondEngine } from '../support/second-engine.ts';
import { Tenancy } from '../support/tenancy.ts';
import { Keeper, withSecret } from './keeper.ts';

const program = join(import.meta.dirname, '../support/call-tool.ts');

const disposals = new Disposals();
let template: OwnTemplate;
let engine: SecondEngine;
let tenancy: Tenancy;
let bob: Keeper;

beforeAll(async () => {
  template = disposals.add(await OwnTemplate.copyOf('everything', withSecret));
  engine = disposals.add(await SecondEngine.open());
  await engine.copyImages(await buildImages());
  tenancy = disposals.add(await Tenancy.open({}, engine));
  bob = await Keeper.add({ tenancy, template, call });
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

it('port, URL, token, workspace and secrets stay the same over a restart of dockerd', async () => {
  expect(await bob.look()).toEqual(bob.belongings);
  const before = await bob.containers();
  await engine.restart();
  await expect.poll(() => bob.look(), { timeout: 60_000, interval: 250 }).toEqual(bob.belongings);
  expect(await bob.containers()).toEqual(before);
}, 180_000);

it('doctor says that the engine’s own rules were flushed, until dockerd is restarted', async () => {
  const check = async () => {
    const { stdout } = await tenancy.run(['doctor', '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string }[] };
    return checks.find(({ id }) => id === 'engine-rules')?.status;
  };
  expect(await check()).toBe('ok');
  engine.run('nft', 'flush', 'ruleset');
  await tenancy.json(['up']);
  expect(await check()).toBe('fail');
  await engine.restart();
  expect(await check()).toBe('ok');
  await expect.poll(() => bob.look(), { timeout: 60_000, interval: 250 }).toEqual(bob.belongings);
}, 180_000);

describe('after a reboot', { timeout: 180_000 }, () => {
  let asUnit: Tenancy;

  beforeAll(() => {
    asUnit = tenancy.with({ env: engine.env, inside: [...engine.inside, ...confined] });
  });

  it('containers with restart policies stay down until up brings them, where nothing was prepared', async () => {
    await reboot();
    await engine.start();
    const ids = Object.values(await bob.containers());
    const states = await tenancy.docker('inspect', '--format', '{{.State.Status}}', ...ids);
    expect(new Set(states.split('\n'))).toEqual(new Set(['exited']));
    await asUnit.json(['up']);
    expect(await bob.look()).toEqual(bob.belongings);
  });

  it('they come up with the engine where mcpd prepare ran before it, behind the firewall, the same as before', async () => {
    const before = await bob.containers();
    await reboot();
    const prepare = () => asUnit.json(['prepare']);
    const users = (changed: boolean) => [{ user: 'bob', outcome: 'prepared', changed }];
    expect(await prepare()).toEqual({ changed: true, users: users(true) });
    expect(await prepare()).toEqual({ changed: false, users: users(false) });
    expect(new Set(Object.values(await modes()))).toEqual(new Set(['700', '400']));
    const device = bridgeName(bob.belongings.user.network.subnet);
    expect(engine.run('nft', 'list', 'map', 'inet', 'mcpd', 'tenants')).toContain(device);
    await engine.start();
    await expect.poll(() => bob.look(), { timeout: 60_000, interval: 250 }).toEqual(bob.belongings);
    expect(await bob.containers()).toEqual(before);
    expect(await asUnit.json(['up'])).toMatchObject({ changed: false });
    expect(await prepare()).toMatchObject({ users: [{ outcome: 'running' }] });
  });
});

/** Stops the engine and takes away all that a reboot does. */
async function reboot(): Promise<void> {
  await engine.stop();
  await rm(await tenancy.runtime(), { recursive: true });
  engine.forgetNetwork();
}

/** Of all run-time material. */
async function modes(): Promise<Record<string, string>> {
  const folder = await tenancy.runtime();
  const names = await readdir(folder, { recursive: true });
  expect(names.some((name) => name.endsWith('secrets/API_KEY'))).toBe(true);
  const entries = names.map(async (name) => {
    const { mode } = await lstat(join(folder, name));
    return [name, (mode & 0o7777).toString(8)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** On the machine's own engine, which can reach what a build needs; gives what servers are made from. */
async function buildImages(): Promise<string[]> {
  await using builder = await Tenancy.open();
  const { images } = await builder.json<{ images: { tag: string }[] }>(
    'image build filesystem'.split(' ').concat(template.folder),
  );
  const list = await builder.json<{ images: { tags: string[]; current: boolean }[] }>(
    'image list'.split(' '),
  );
  const current = list.images.filter((image) => image.current).flatMap(({ tags }) => tags);
  const assembled = current.filter((tag) => tag.startsWith('mcpd/base:'));
  const { value } = await builder.json<{ value: string }>('config get baseImage'.split(' '));
  const pulled = await builder.docker('image', 'ls', '-q', value);
  return [...(pulled === '' ? assembled : [value]), ...images.map(({ tag }) => tag)];
}

/** A client in the engine's network namespace. */
async function call(what: ToolCall): Promise<string> {
  const [file = '', ...args] = [...engine.inside, process.execPath, program];
  const child = spawn(file, args);
  child.stdin.end(JSON.stringify(what));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (stdout === '') throw new Error(stderr);
  return stdout;
}
