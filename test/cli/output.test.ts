import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Desk, ended, launcher } from './desk.ts';

/** Runs a shell command on a terminal, and gives what it shows. */
async function onTerminal(desk: Desk, command: string, input = ''): Promise<string> {
  const env = {
    ...desk.env,
    MCPD: `"${process.execPath}" "${launcher}"`,
    TERM: 'xterm',
    SHELL: '/bin/sh',
  };
  const typed = `stty cols 60 rows 20; mcpd() { eval $MCPD '"$@"'; }; ${command}`;
  const child = spawn('script', ['-qec', typed, '/dev/null'], { env, cwd: desk.folder });
  child.stdin.end(input);
  return (await ended(child)).stdout.replaceAll('\r\n', '\n');
}

describe('help', () => {
  test('is the same by flag and by command', async () => {
    using desk = new Desk();
    const [byFlag, byCommand, short] = await Promise.all([
      desk.run(['user', 'add', '--help']),
      desk.run(['help', 'user', 'add']),
      desk.run(['user', 'add', '-h']),
    ]);
    expect(byFlag.stdout).toContain('$ mcpd user add bob');
    expect(byCommand).toEqual(byFlag);
    expect(short).toEqual(byFlag);
  });

  test.each([
    ['group add', 'GROUP USER...'],
    ['group drop', 'GROUP USER...'],
    ['down', '[USER...]'],
  ])('of %s shows what it takes any number of: %s', async (command, words) => {
    using desk = new Desk();
    const { stdout } = await desk.run([...command.split(' '), '--help']);
    expect(stdout).toContain(`$ mcpd ${command} ${words} [`);
  });

  test('without anything lists the commands', async () => {
    using desk = new Desk();
    const { stdout, code } = await desk.run([]);
    expect(stdout).toMatch(/^ {2}doctor +Check/m);
    // oclif would call it a topic too, for the "group:" that "up:" is in.
    expect(stdout.match(/^ {2}up /gm)).toHaveLength(1);
    expect(code).toBe(0);
  });
});

test('an engine over TCP that does not answer is all that stderr tells', async () => {
  using desk = new Desk();
  desk.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1';
  const { stderr, code } = await desk.run(['image', 'list']);
  expect(stderr).toMatch(/^Error: No container engine answers/);
  expect(code).toBe(5);
});

describe('an engine whose certificates are not there', () => {
  const withoutCertificates = () => {
    const desk = new Desk();
    Object.assign(desk.env, {
      DOCKER_HOST: 'tcp://127.0.0.1:1',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: desk.folder,
    });
    return desk;
  };

  test('is told with the file and what to do', async () => {
    using desk = withoutCertificates();
    const { stderr, code } = await desk.run(['image', 'list']);
    expect(stderr).toBe(
      [
        `Error: ${join(desk.folder, 'ca.pem')} can’t be read: there is no such file.`,
        '',
        'Try this:',
        '  put ca.pem, cert.pem and key.pem there',
        '  set DOCKER_CERT_PATH to the folder that has them',
        '',
      ].join('\n'),
    );
    expect(code).toBe(2);
  });

  test('is a finding of doctor, and leaves states unknown', async () => {
    using desk = withoutCertificates();
    desk.addUsers('bob');
    const { checks } = await desk.json<{ checks: { id: string; status: string }[] }>(['doctor']);
    expect(checks).toContainEqual(expect.objectContaining({ id: 'engine', status: 'fail' }));
    const status = await desk.run(['status']);
    expect(status.stdout).toMatch(/^bob\/memory +unknown/m);
    expect(status.stderr).toContain('ca.pem can’t be read');
    expect(status.code).toBe(0);
  });
});

describe('a new token', () => {
  test('is all of stdout, so that a script can take it', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const made = await desk.run(['token', 'create', 'bob', '--name', 'ci']);
    expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(made.stderr).toContain('This is the token ci of bob; it is shown only now.');
    const next = await desk.run(['token', 'rotate', 'bob', 'ci', '--overlap', '0']);
    expect(next.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(next.stderr).toContain('The one it replaces works no more.');
  });

  test('without a name gets one that is free', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const create = async () =>
      (await desk.json<{ token: { name: string } }>(['token', 'create', 'bob'])).token.name;
    expect([await create(), await create(), await create()]).toEqual([
      'default',
      'default-2',
      'default-3',
    ]);
  });
});

test.each([
  ['token create bob', 'default'],
  ['connect bob --client vscode --new-token', 'vscode'],
])('tokens that are made at once get a name each: %s', async (command, name) => {
  using desk = new Desk();
  desk.addUsers('bob');
  const made = await Promise.all(Array.from({ length: 6 }, () => desk.run(command.split(' '))));
  expect(made.map(({ stderr, code }) => (code === 0 ? 'done' : stderr))).toEqual(
    made.map(() => 'done'),
  );
  const { tokens } = await desk.json<{ tokens: { name: string }[] }>(['token', 'list', 'bob']);
  const numbered = [2, 3, 4, 5, 6].map((number) => `${name}-${number}`);
  expect(tokens.map((token) => token.name).toSorted()).toEqual([name, ...numbered]);
});

test('the version is that of the package, and of Node', async () => {
  using desk = new Desk();
  const { stdout } = await desk.run(['--version']);
  const { version } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  ) as { version: string };
  expect(stdout).toBe(`mcpd/${version} linux-${process.arch} node-${process.version}\n`);
});

describe('a read', () => {
  test.each(['user list', 'config list', 'template list', 'complete users', 'server list'])(
    'of nothing writes nothing: %s',
    async (command) => {
      using desk = new Desk();
      const { code, stderr } = await desk.run(command.split(' '));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(readdirSync(desk.folder).filter((name) => name !== '.cache')).toEqual([]);
    },
  );
});

test('a pipe that closes early is no error', async () => {
  using desk = new Desk();
  const { code, stderr } = await ended(desk.shell('"$0" "$@" schema | head -n 1 >&2'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '{\n' });
});

test('a command whose messages nobody can be told does its work all the same', async () => {
  using desk = new Desk();
  desk.addUsers('bob');
  const { code, stdout } = await ended(desk.shell('"$0" "$@" status 2> /dev/full'));
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('bob/memory') });
});

test.each([' > /dev/full', ' | true', ' > /dev/full 2> /dev/full'])(
  'a change is made as a whole though nobody takes its result:%s',
  async (where) => {
    using desk = new Desk();
    await ended(desk.shell(`"$0" "$@" group create staff --memory 256m${where}`));
    expect(await desk.json(['group', 'show', 'staff'])).toMatchObject({
      group: { name: 'staff', policy: { memory: 2 ** 28 } },
    });
  },
);

test.each(['', ' --json'])('a result that can’t be written is said to be%s', async (flag) => {
  using desk = new Desk();
  const { code, stderr } = await ended(desk.shell(`"$0" "$@" template list${flag} > /dev/full`));
  expect({ code, stderr: stderr.split('\n').slice(0, 1) }).toEqual({
    code: 4,
    stderr: ['Error: What this command prints can’t be written: ENOSPC.'],
  });
  expect(stderr.length).toBeLessThan(300);
});

describe('on a terminal', () => {
  test('long cells are cut so that each line is one line', async () => {
    using desk = new Desk();
    const lines = (await onTerminal(desk, 'mcpd template list')).trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.at(-1)).toMatch(/…$/);
  });

  test('an error is red, unless NO_COLOR is set', async () => {
    using desk = new Desk();
    const red = '\u001b[31mError:';
    expect(await onTerminal(desk, 'NO_COLOR= mcpd user show nobody')).toContain(red);
    expect(await onTerminal(desk, 'mcpd user show nobody')).not.toContain('\u001b[31m');
  });

  test('what destroys asks first, and no is no', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    await desk.run(['secret', 'set', 'bob', 'X'], 'value');
    const shown = await onTerminal(desk, 'mcpd secret remove bob X; echo "exit $?"', 'n\n');
    expect(shown).toContain('Remove X of bob? [y/N]');
    expect(shown).toContain('Cancelled; nothing was changed.');
    expect(shown).toContain('exit 130');
  });

  test('a secret is asked for and not shown', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const shown = await onTerminal(desk, 'mcpd secret set bob KEY; echo "exit $?"', 'hunter2\n');
    expect(shown).toContain('KEY (not shown):');
    expect(shown).toContain('Set KEY of bob.');
    expect(shown).toContain('exit 0');
  });
});

describe('Ctrl-C', () => {
  /** Sent when the command reads its input, since before it listens it would just be killed. */
  async function interrupt(desk: Desk, args: readonly string[]) {
    const child = desk.start(args);
    const done = ended(child);
    const moreThanPipesHold = Buffer.alloc(8 * 2 ** 20, 'x');
    await new Promise((resolve) => child.stdin?.write(moreThanPipesHold, resolve));
    child.stdin?.on('error', () => undefined);
    child.kill('SIGINT');
    return done;
  }

  test('ends a command with 130', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const run = await interrupt(desk, ['connect', 'bob', '--token-stdin']);
    expect(run).toEqual({ code: 130, stdout: '', stderr: '\n' });
  });

  test('is an error document under --json', async () => {
    using desk = new Desk();
    desk.addUsers('bob');
    const run = await interrupt(desk, ['connect', 'bob', '--token-stdin', '--json']);
    expect(run.code).toBe(130);
    expect(JSON.parse(run.stdout)).toEqual({
      error: { code: 'INTERRUPTED', message: 'Interrupted.', suggestions: [] },
    });
  });
});

test('MCPD_DEBUG shows where an error came from; without it nobody sees a stack', async () => {
  using desk = new Desk();
  const plain = await desk.run(['user', 'show', 'nobody']);
  expect(plain.stderr).not.toContain('    at ');
  desk.env['MCPD_DEBUG'] = '1';
  const debugged = await desk.run(['user', 'show', 'nobody']);
  expect(debugged.stderr).toContain('    at ');
});
