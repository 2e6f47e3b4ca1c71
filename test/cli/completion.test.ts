import { execFileSync, spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { Desk, ended, launcher } from './desk.ts';

const quoted = `'${process.execPath}' '${launcher}'`;

async function shell(desk: Desk, program: string, script: string): Promise<string> {
  const child = spawn(program, ['-c', script], { env: desk.env, cwd: desk.folder });
  const { stdout, stderr, code } = await ended(child);
  if (code !== 0) throw new Error(`${program} exited with ${code}: ${stderr}`);
  return stdout;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
}

describe('bash completes', () => {
  async function complete(desk: Desk, ...words: string[]): Promise<string[]> {
    const script = `
      mcpd() { ${quoted} "$@"; }
      eval "$(mcpd completion bash)"
      COMP_WORDS=(mcpd ${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=${words.length}
      _mcpd
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const lines = (await shell(desk, 'bash', script)).split('\n');
    return lines.filter((line) => line !== '');
  }

  test.each([
    ['commands', ['us'], ['user']],
    ['verbs', ['user', 'a'], ['add']],
    ['flags', ['user', 'add', 'bob', '--mem'], ['--memory']],
    ['values of flags', ['connect', 'bob', '--client', 'cu'], ['cursor']],
    ['templates', ['template', 'show', 'me'], ['memory']],
    ['users', ['user', 'show', ''], ['alice', 'bob']],
    ['servers', ['logs', 'bob/'], ['bob/memory']],
    ['settings', ['config', 'get', 'limits.m'], ['limits.memory']],
    ['nothing for a name that is new', ['user', 'add', ''], []],
    ['each word once', ['aud'], ['audit']],
    ['verbs of what is a command too', ['audit', 've'], ['verify']],
    ['shells', ['completion', 'b'], ['bash']],
    ['templates of a flag', ['user', 'add', 'eve', '--server', 'me'], ['memory']],
    ['users of a flag', ['backup', 'x.age', '--user', ''], ['alice', 'bob']],
    ['nothing for a value of its own', ['user', 'update', 'bob', '--memory', ''], []],
    ['users behind a group', ['group', 'add', 'students', 'a'], ['alice']],
    ['more users', ['down', 'bob', ''], ['alice', 'bob']],
    ['nothing behind the only name', ['user', 'show', 'bob', ''], []],
    [
      'one name of a list',
      ['user', 'add', 'eve', '--server', 'filesystem,me'],
      ['filesystem,memory'],
    ],
    [
      'one choice of a list',
      ['token', 'create', 'bob', '--scope', 'tools:read,ad'],
      ['tools:read,admin'],
    ],
    ['what turns a flag off', ['up', '--no'], ['--no-wait']],
  ])('%s', async (_what, words, expected) => {
    using desk = new Desk();
    desk.addUsers('bob', 'alice');
    expect(await complete(desk, ...words)).toEqual(expected);
  });
});

describe.runIf(isInstalled('fish'))('fish completes', () => {
  test.each([
    ['us', ['user']],
    ['user show ', ['alice', 'bob']],
    ['user add bob --mem', ['--memory']],
    ['connect bob --client cu', ['cursor']],
    ['user show --effective ', ['alice', 'bob']],
    ['user show bob ', []],
    ['user update --memory 1g ', ['alice', 'bob']],
    ['down bob ', ['alice', 'bob']],
    ['group add students ', ['alice', 'bob']],
    ['completion b', ['bash']],
    ['completion bash ', []],
    ['up --no', ['--no-wait']],
  ])('"%s"', async (typed, expected) => {
    using desk = new Desk();
    desk.addUsers('bob', 'alice');
    const script = `
      function mcpd; ${quoted} $argv; end
      mcpd completion fish | source
      complete -C 'mcpd ${typed}'`;
    const lines = (await shell(desk, 'fish', script)).split('\n').filter((line) => line !== '');
    expect(lines.map((line) => line.split('\t')[0])).toEqual(expected);
  });
});

test.runIf(isInstalled('zsh'))('zsh loads its script', async () => {
  using desk = new Desk();
  const script = `
    autoload -Uz compinit; compinit -u -D
    mcpd() { ${quoted} "$@"; }
    eval "$(mcpd completion zsh)"
    print $_comps[mcpd]; whence -w _mcpd`;
  expect(await shell(desk, 'zsh', script)).toBe('_mcpd\n_mcpd: function\n');
});
