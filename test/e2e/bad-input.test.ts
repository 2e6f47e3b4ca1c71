import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disposals } from '../support/disposals.ts';
import { OwnTemplate } from '../support/own-template.ts';
import { words } from '../support/lines.ts';
import { refusal } from '../support/refusal.ts';
import { snapshot, type Snapshot } from '../support/snapshot.ts';
import { Tenancy } from '../support/tenancy.ts';
import { refused, type Expected } from './refused.ts';

const disposals = new Disposals();
let tenancy: Tenancy;
let before: Snapshot;
/** What `{name}` stands for in a command. */
const places = new Map<string, string>();

beforeAll(async () => {
  const root = await mkdtemp('/srv/mcpd-test-');
  disposals.add({ [Symbol.asyncDispose]: () => rm(root, { recursive: true }) });
  tenancy = disposals.add(await Tenancy.open({ workspaceRoots: [root] }));
  const template = disposals.add(
    await OwnTemplate.copyOf('memory', {
      secrets: [{ name: 'API_KEY', description: 'Needed.' }],
    }),
  );
  await layOut(root);
  places.set('root', root).set('home', tenancy.home).set('secretive', template.folder);
  places.set('template', template.name);

  await Promise.all([
    tenancy.addUser('bob'),
    tenancy.addUser('alice', '--workspace', join(root, 'alice'), '--no-start'),
    tenancy.addUser('carol', '--no-start'),
  ]);
  await tenancy.json(['secret', 'set', 'bob', 'KEY'], 'value');
  await tenancy.json(['down', 'carol', '--yes']);
  // Some commands replace what a killed one left behind; there is nothing of that now.
  before = await snapshot(tenancy);
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

/** Folders that a workspace may be, and may not be. */
async function layOut(root: string): Promise<void> {
  const path = (name: string) => join(root, name);
  await mkdir(path('alice'));
  await mkdir(path('open'));
  await chmod(path('open'), 0o777);
  await mkdir(path('theirs'));
  await chown(path('theirs'), 200_000, 200_000);
  await mkdir(path('full'));
  await writeFile(path('full/file'), 'of root');
  await writeFile(path('file'), '');
  await symlink('/etc', path('out'));
  await symlink(path('gone'), path('broken'));
  await symlink(path('alice'), path('to-alice'));
}

describe('a command that cannot be carried out changes nothing', () => {
  it.each(refused)('%s', async (command, { exit, code, says, next, input }) => {
    const args = words(command).map((word) =>
      word.replaceAll(/\{(\w+)\}/g, (_all, name: string) => places.get(name) ?? name),
    );
    const { exits, document, human } = await refusal(tenancy, args, input);
    expect(document).toEqual({ error: anError({ exit, code, says }) });
    expect(exits).toEqual([exit, exit]);
    expect(document.error?.suggestions.join('\n')).toMatch(next ?? /./);
    expect(human.stdout).toBe('');
    for (const text of [document.error?.message, ...(document.error?.suggestions ?? [])]) {
      expect(human.stderr).toContain(text);
    }
    expect(await snapshot(tenancy)).toEqual(before);
  });
});

function anError({ code, says }: Expected) {
  return {
    code,
    message: expect.stringMatching(says) as string,
    suggestions: expect.any(Array) as string[],
  };
}
