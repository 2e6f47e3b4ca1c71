import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tenancy, type AddedUser } from '../support/tenancy.ts';

let tenancy: Tenancy;
let bob: AddedUser;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  bob = await tenancy.addUser('bob', '--server', 'filesystem,memory');
}, 300_000);

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

describe('exec', () => {
  const exec = (code: string, input = '', flags: string[] = []) =>
    tenancy.run(['exec', 'bob/filesystem', ...flags, '--', 'node', '-e', code], input);

  it.each([0, 1, 7, 255])('ends with the exit code %d of the command', async (code) => {
    expect(await exec(`process.exit(${code})`)).toMatchObject({ code, stdout: '', stderr: '' });
  });

  it('passes stdin, stdout and stderr, each where it belongs, to their last byte', async () => {
    const input = `${'ä line\n'.repeat(20_000)}without an end`;
    const result = await exec('process.stdin.pipe(process.stdout); console.error("aside")', input);
    expect(result).toEqual({ code: 0, stdout: input, stderr: 'aside\n' });
  });

  it('runs as the user’s own uid, in the workspace', async () => {
    const { stdout } = await exec(
      'console.log([process.getuid(), process.cwd(), process.getgroups()])',
    );
    expect(stdout).toBe(`[ ${bob.user.uid}, '/workspace', [ ${bob.user.uid} ] ]\n`);
  });

  it('says under --json what came out, and ends with the same code', async () => {
    const { code, stdout } = await exec('console.log("out"); process.exitCode = 3', '', ['--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: '' });
  });

  it('gives the command its words as they are, also those that come again', async () => {
    const words = ['a', 'b', 'a', '--json', '--', 'bob/filesystem', 'b'];
    const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    const command = ['node', '-e', print, '--', ...words];
    const { stdout } = await tenancy.run(['exec', 'bob/filesystem', '--', ...command]);
    expect(JSON.parse(stdout)).toEqual(words);
  });

  it('says of a command that is not there that it is not there', async () => {
    const { code, stdout } = await tenancy.run(['exec', 'bob/filesystem', '--', 'no-such-command']);
    expect([126, 127]).toContain(code);
    // The engine writes that where the command's output would have been.
    expect(stdout).toContain('no-such-command');
  });
});

describe('logs', () => {
  const greeting = 'Secure MCP Filesystem Server running on stdio';

  it('interleaves the servers of a user, each line with its server in front', async () => {
    const { code, stdout } = await tenancy.run(['logs', 'bob']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^bob/filesystem +\\| .*${greeting}$`, 'm'));
    expect(stdout).toMatch(/^bob\/memory +\| .*Knowledge Graph MCP Server/m);
    const prefixed = /^bob\/(?:filesystem|memory) +\| /;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .filter((line) => !prefixed.test(line)),
    ).toEqual([]);
  });

  it('of one server have no prefix, and begin where --tail says', async () => {
    const all = (await tenancy.run(['logs', 'bob/filesystem'])).stdout.trimEnd().split('\n');
    expect(all.some((line) => line.endsWith(greeting))).toBe(true);
    const { stdout } = await tenancy.run(['logs', 'bob/filesystem', '--tail', '2']);
    expect(stdout.trimEnd().split('\n')).toEqual(all.slice(-2));
  });

  it('have times in order with --timestamps, and none from before --since', async () => {
    const { stdout } = await tenancy.run(['logs', 'bob', '--timestamps']);
    const times = [...stdout.matchAll(/\| (\d{4}-\S+Z) /g)].map(([, time = '']) =>
      Date.parse(time),
    );
    expect(times.length).toBe(stdout.trimEnd().split('\n').length);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const later = new Date(Date.now() + 1_000).toISOString();
    expect((await tenancy.run(['logs', 'bob', '--since', later])).stdout).toBe('');
  });

  it('are followed with -f until Ctrl-C', async () => {
    const child = tenancy.start(['logs', 'bob/filesystem', '-f', '--tail', '1']);
    const exited = once(child, 'exit');
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
    // Its first line is an old one: from now on it follows.
    await expect.poll(() => output, { timeout: 30_000 }).toMatch(/\n$/);
    const old = output.length;
    await tenancy.json(['status', 'bob/filesystem', '--probe']);
    await expect.poll(() => output.slice(old), { timeout: 30_000 }).toMatch(/session \d+: ended/);
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
  });
});
