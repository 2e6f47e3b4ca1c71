import { mkdtemp, rm } from 'node:fs/promises';
import { chownSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../support/refusal.ts';
import { Tenancy } from '../support/tenancy.ts';

/** No account has it. */
const uid = 54_322;
const asNobody = ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];

// What a CI job in a container is: a uid, and nothing that says whose.
describe.runIf(process.getuid?.() === 0)('a uid without an entry in the password file', () => {
  const nothing = { HOME: undefined, SHELL: undefined, XDG_STATE_HOME: undefined };
  let folder: string;
  let tenancy: Tenancy;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcpd-nameless-'));
    chownSync(folder, uid, uid);
    tenancy = await Tenancy.open();
  });

  afterEach(async () => {
    await tenancy[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('runs commands', async () => {
    const env = { ...nothing, MCPD_HOME: folder, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const nameless = tenancy.with({ env, inside: asNobody });
    expect(await nameless.json(['user', 'list'])).toEqual({ users: [] });
    expect(await nameless.json(['group', 'create', 'staff'])).toMatchObject({
      group: { name: 'staff' },
    });
  });

  it('is told to set MCPD_HOME where mcpd has no place for its state', async () => {
    const nameless = tenancy.with({ env: { ...nothing, MCPD_HOME: undefined }, inside: asNobody });
    const { exits, document, human } = await refusal(nameless, ['user', 'list']);
    expect(exits).toEqual([2, 2]);
    expect(document.error?.code).toBe('NO_HOME');
    expect(human.stderr).toContain('Set MCPD_HOME');
  });
});
