import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Desk } from './desk.ts';

let desk: Desk;

beforeEach(() => {
  desk = new Desk();
  onTestFinished(() => desk[Symbol.dispose]());
  desk.addUsers('bob', 'alice');
});

interface Created {
  readonly value: string;
  readonly token: { readonly id: string; readonly name: string; readonly scopes: string[] };
}

function createToken(...flags: string[]): Promise<Created> {
  return desk.json<Created>(['token', 'create', 'bob', ...flags]);
}

test.each([
  ['token revoke nobody default', 'USER_NOT_FOUND'],
  ['token revoke bob nope', 'TOKEN_NOT_FOUND'],
  ['secret remove nobody KEY', 'USER_NOT_FOUND'],
  ['secret remove bob KEY', 'SECRET_NOT_FOUND'],
  ['down nobody', 'USER_NOT_FOUND'],
  ['down bob nobody', 'USER_NOT_FOUND'],
])('what isn’t there is not asked about: %s', async (command, code) => {
  expect(await desk.json(command.split(' '))).toMatchObject({ error: { code } });
  expect((await desk.run(command.split(' '))).code).toBe(3);
});

describe('a token', () => {
  test('is shown when it is made, and never again', async () => {
    const { value } = await createToken('--name', 'laptop');
    expect(value).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const listed = await desk.run(['token', 'list', 'bob', '--json']);
    expect(listed.stdout).toContain('laptop');
    expect(listed.stdout).not.toContain(value);
    expect(readFileSync(join(desk.folder, 'mcpd/registry.db')).includes(value)).toBe(false);
  });

  test('is the first line of what people see, so that it can be piped', async () => {
    const { stdout } = await desk.run(['token', 'create', 'bob']);
    expect(stdout.split('\n')[0]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test('has the scopes and the end that were asked for', async () => {
    const { token } = await createToken('--scope', 'tools:read', '--ttl', '1h');
    expect(token).toMatchObject({
      scopes: ['tools:read'],
      expiresAt: expect.any(String) as string,
    });
  });

  test('opens the servers that were asked for, which must be there', async () => {
    const { token } = await createToken('--server', 'memory', '--scope', 'admin');
    expect(token).toMatchObject({ servers: ['memory'], scopes: ['admin'] });
    const listed = await desk.run(['token', 'list', 'bob']);
    expect(listed.stdout).toMatch(/^NAME +ID +STATE +SERVERS +SCOPES +CREATED +EXPIRES +LAST USED/);
    expect(listed.stdout).toMatch(/^default .* live +memory +admin .* never +never/m);
    for (const [flag, wish, exit] of [
      ['--server', 'memroy', 3],
      ['--server', 'memory,', 3],
      ['--scope', 'everything', 2],
    ] as const) {
      const { code } = await desk.run(['token', 'create', 'bob', '--name', 'b', flag, wish]);
      expect(code, wish).toBe(exit);
    }
  });

  test('is replaced by another of the same name, and listed until the overlap is over', async () => {
    const { token, value } = await createToken('--name', 'ci', '--server', 'memory');
    const rotate = ['token', 'rotate', 'bob', 'ci', '--overlap'];
    const rotated = await desk.json<Created>([...rotate, '10m']);
    expect(rotated).toMatchObject({
      token: { name: 'ci', servers: ['memory'], state: 'live' },
      replaced: { id: token.id, state: 'replaced' },
    });
    expect(rotated.value).not.toBe(value);
    const { stdout } = await desk.run(['token', 'list', 'bob']);
    expect(stdout).toMatch(new RegExp(`^ci +${token.id} +replaced `, 'm'));
    expect((await desk.run([...rotate, '0'])).stderr).toContain('works no more');
    expect((await desk.run([...rotate, '-1'])).code).toBe(2);
    expect((await desk.run(['token', 'rotate', 'bob', token.id])).code).toBe(4);
  });

  test('is listed until it is revoked, by name or id, and then with --all only', async () => {
    const { token } = await createToken('--name', 'a');
    await createToken('--name', 'b');
    const revoke = ['token', 'revoke', 'bob', token.id, '--yes'];
    expect(await desk.json(revoke)).toMatchObject({ changed: true, token: { state: 'revoked' } });
    expect(await desk.json(revoke)).toMatchObject({ changed: false });
    const names = async (...flags: string[]) =>
      (await desk.json<{ tokens: { name: string }[] }>(['token', 'list', 'bob', ...flags])).tokens
        .map(({ name }) => name)
        .toSorted((a, b) => a.localeCompare(b));
    expect(await names()).toEqual(['b']);
    expect(await names('--all')).toEqual(['a', 'b']);
  });
});

describe('a secret', () => {
  test.each([
    ['stdin', ['secret', 'set', 'bob', 'KEY'], 'hunter2'],
    ['a file', ['secret', 'set', 'bob', 'KEY', '--from', '@value'], ''],
    ['a file by its other name', ['secret', 'set', 'bob', 'KEY', '--file', 'value'], ''],
  ])('comes from %s, and is in no output', async (_from, args, input) => {
    writeFileSync(join(desk.folder, 'value'), 'hunter2\n');
    const set = await desk.run([...args, '--json'], input);
    expect(JSON.parse(set.stdout)).toMatchObject({ changed: true, secret: { name: 'KEY' } });
    const again = await desk.run([...args, '--json'], input);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false });
    const listed = await desk.run(['secret', 'list', 'bob']);
    expect(listed.stdout).toMatch(/^KEY /m);
    expect(set.stdout + again.stdout + listed.stdout).not.toContain('hunter2');
  });

  test('given where a file belongs is not repeated', async () => {
    const { code, stdout, stderr } = await desk.run('secret set bob KEY --from hunter2'.split(' '));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('as @FILE, or - for stdin');
    expect(stderr).not.toContain('hunter2');
  });

  test('belongs to one user, and is gone when it was removed', async () => {
    await desk.run(['secret', 'set', 'bob', 'KEY'], 'x');
    expect(await desk.json(['secret', 'list', 'alice'])).toEqual({ user: 'alice', secrets: [] });
    expect(await desk.json(['secret', 'remove', 'bob', 'KEY', '--yes'])).toMatchObject({
      removed: 'KEY',
    });
    const { code } = await desk.run(['secret', 'remove', 'bob', 'KEY', '--yes']);
    expect(code).toBe(3);
  });
});

describe('connect', () => {
  const claude = ['connect', 'bob', '--client', 'claude-code'];

  test('prints the address and the block, with a place for the token', async () => {
    const { stdout } = await desk.run(claude);
    expect(stdout).toContain('"Authorization": "Bearer <token>"');
    expect(stdout).toMatch(/"url": "http:\/\/127\.0\.0\.1:\d+\/mcp"/);
    expect(stdout).toContain(join(desk.folder, '.claude.json'));
  });

  test('prints the blocks of all clients when none is named', async () => {
    const { stdout } = await desk.run(['connect', 'bob']);
    for (const title of ['Claude Code', 'Claude Desktop', 'VS Code', 'Cursor', 'Codex', 'Gemini']) {
      expect(stdout).toContain(title);
    }
  });

  test('writes the file once, and says so', async () => {
    const { value } = await createToken('--name', 'laptop');
    const file = join(desk.folder, '.claude.json');
    writeFileSync(file, '{\n  "mcpServers": { "mine": {} } // keep\n}\n', { mode: 0o640 });
    const write = [...claude, '--write', '--token-stdin'];
    const first = await desk.run([...write, '--json'], value);
    expect(JSON.parse(first.stdout)).toMatchObject({ changed: true, written: { changed: true } });
    expect(first.stdout).not.toContain(value);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('"mine": {}');
    expect(text).toContain('// keep');
    expect(text).toContain(`Bearer ${value}`);
    expect(statSync(file).mode & 0o777).toBe(0o640);

    expect(await desk.json(write, value)).toMatchObject({ changed: false });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('leaves a broken file alone, and makes no token for it', async () => {
    const file = join(desk.folder, '.claude.json');
    writeFileSync(file, '{ "mcpServers": ');
    const { code, stderr } = await desk.run([...claude, '--write', '--new-token']);
    expect(code).toBe(2);
    expect(stderr).toContain('.claude.json was left alone');
    expect(readFileSync(file, 'utf8')).toBe('{ "mcpServers": ');
    expect(await desk.json(['token', 'list', 'bob'])).toMatchObject({ tokens: [] });
  });

  test('takes a live token of this user only', async () => {
    const { value, token } = await createToken();
    const give = async (user: string, input: string, ...flags: string[]) =>
      (await desk.run(['connect', user, '--client', 'cursor', '--token-stdin', ...flags], input))
        .code;
    expect(await give('bob', value)).toBe(0);
    expect(await give('alice', value)).toBe(2);
    expect(await give('bob', 'rubbish')).toBe(2);
    const other = await createToken('--name', 'other', '--server', 'memory');
    expect(await give('bob', other.value, '--server', 'memory')).toBe(0);
    desk.addServer('bob', 'everything');
    expect(await give('bob', other.value, '--server', 'everything')).toBe(2);
    expect(await give('bob', other.value)).toBe(2);
    await desk.run(['token', 'revoke', 'bob', token.id, '--yes']);
    expect(await give('bob', value)).toBe(2);
  });

  test('--write needs a token, and says how to get one', async () => {
    const { error } = await desk.json<{ error: { code: string; suggestions: string[] } }>([
      ...claude,
      '--write',
    ]);
    expect(error.code).toBe('TOKEN_NEEDED');
    expect(error.suggestions.join()).toContain('--new-token');
  });
});
