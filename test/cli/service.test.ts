import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { findProgram, unpackPackage } from '../support/debian.ts';
import { Desk } from './desk.ts';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('mcpd service', () => {
  test('writes units that systemd takes without a word, and takes them away again', async () => {
    using desk = new Desk();
    // Everything that means something to systemd.
    desk.env['MCPD_HOME'] = join(desk.folder, String.raw`a "home" of $USER, 100%n\x`);
    const root = join(desk.folder, 'root');
    const run = (verb: string) => desk.run(['service', verb, '--root', root]);
    expect(await run('install')).toMatchObject({ code: 0, stderr: '' });
    const folder = join(root, 'etc/systemd/system');
    const names = readdirSync(folder);
    expect(names).toHaveLength(7);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o644);
    expect(await verify(names.map((name) => join(folder, name)))).toBe('');
    expect((await run('install')).stdout).toContain('nothing changed');
    expect(await run('remove')).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual([]);
  }, 120_000);

  test('prints without writing, and says the same as install would write', async () => {
    using desk = new Desk();
    const printed = await desk.run(['service', 'install', '--print']);
    expect(printed).toMatchObject({ code: 0, stderr: '' });
    expect(printed.stdout).toContain(`ExecStart=${process.execPath} `);
    expect(printed.stdout).toContain('/bin/run.js prepare\n');
    expect(printed.stdout).toContain(`Environment=MCPD_HOME=${desk.env['MCPD_HOME']}`);
    expect(readdirSync(desk.folder)).toEqual([]);
    mkdirSync(join(desk.folder, 'root'));
    const { units } = await desk.json<{ units: { text: string }[] }>([
      'service',
      'install',
      '--root',
      join(desk.folder, 'root'),
    ]);
    for (const { text } of units) expect(printed.stdout).toContain(text);
  });
});

/** What systemd finds wrong with units. */
async function verify(files: readonly string[]): Promise<string> {
  const program = findProgram('systemd-analyze');
  const folder = program === undefined ? await unpackPackage('systemd') : '';
  const libraries = join(folder, 'lib/systemd');
  const { stdout, stderr } = await promisify(execFile)(
    program ?? join(folder, 'usr/bin/systemd-analyze'),
    ['verify', '--man=no', ...files],
    { env: { ...process.env, ...(folder && { LD_LIBRARY_PATH: libraries }) } },
  );
  return stdout + stderr;
}
