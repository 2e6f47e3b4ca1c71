import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startOidcIssuer, type OidcIssuer } from '../support/oidc-issuer.ts';
import { OwnTemplate } from '../support/own-template.ts';
import type { World } from './scenario.ts';

const templates = new WeakMap<World, OwnTemplate>();
const issuers = new WeakMap<World, OidcIssuer>();

/** A template that nobody else has: `{template}` is its folder. */
export async function ownTemplate(world: World): Promise<void> {
  const template = world.add(await OwnTemplate.copyOf('memory'));
  templates.set(world, template);
  world.remember('template', template.folder);
  world.remember('name', template.name);
}

/** Makes it another version, with the same image. */
export function changeTemplate(version: string) {
  return async (world: World): Promise<void> => {
    const command = ['node', '${package}/dist/index.js', version];
    await templates.get(world)?.change('template.json', { command });
  };
}

export async function removeImages(world: World): Promise<void> {
  await templates.get(world)?.removeImages();
}

export async function trustIssuer(world: World): Promise<void> {
  const issuer = world.add(await startOidcIssuer([]));
  issuers.set(world, issuer);
  world.remember('issuer', issuer.url);
  await world.run('config set oidc.audience https://mcpd.example');
  await world.run('config set oidc.users agent=bob');
  await world.run('config set oidc.issuer {issuer}');
}

/** The issuer signs with another key from now on. */
export async function rotateIssuer(world: World): Promise<void> {
  await issuers.get(world)?.rotate();
}

/** Of the whole home, to `{files}/home.age`, which `{files}/key` opens. */
export async function backUp(world: World): Promise<void> {
  const key = join(world.files, 'key');
  const { recipient } = JSON.parse(await world.run(`backup keygen ${key} --json`)) as {
    recipient: string;
  };
  world.remember('recipient', recipient);
  await world.run(`backup ${join(world.files, 'home.age')} --recipient ${recipient}`);
}

/** All that a home is, but for its settings. */
export async function loseHome(world: World): Promise<void> {
  await rm(await world.runtime(), { recursive: true, force: true });
  const names = (await readdir(world.home)).filter((name) => name !== 'config.json');
  await Promise.all(names.map((name) => rm(join(world.home, name), { recursive: true })));
}

/** As a reboot does. */
export async function loseRuntime(world: World): Promise<void> {
  await rm(await world.runtime(), { recursive: true, force: true });
}

/** Leaves a user who is over. */
export async function killedRun(world: World): Promise<void> {
  const run = 'run --name ci --server memory --memory 64m -- true';
  await world.run(run, 'after commit tokens #1');
}
