import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ToolCall } from '../support/call-tool.ts';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { SecondEngine } from '../support/second-engine.ts';
import { Tenancy } from '../support/tenancy.ts';
import { Keeper, withSecret } from './keeper.ts';

const program = join(import.meta.dirname, '../support/call-tool.ts');

const disposals = new Disposals();
let template: OwnTemplate;
let engine: SecondEngine;
let bob: Keeper;

beforeAll(async () => {
  template = disposals.add(await OwnTemplate.copyOf('everything', withSecret));
  engine = disposals.add(await SecondEngine.start());
  await engine.copyImages(await buildImages());
  const tenancy = disposals.add(await Tenancy.open({}, engine));
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
