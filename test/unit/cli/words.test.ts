import * as fc from 'fast-check';
import { string } from '@oclif/core/args';
import { boolean, string as text } from '@oclif/core/flags';
import { parse } from '@oclif/core/parser';
import { describe, expect, test } from 'vitest';
import { commandWords } from '../../../src/cli/words.ts';

const args = { user: string(), name: string(), value: string({ hidden: true }) };
const flags = {
  token: text({ char: 't' }),
  secret: text({ multiple: true, multipleNonGreedy: true }),
  yes: boolean({ char: 'y' }),
};

async function wordsOf(argv: readonly string[], { id = 'secret:set', named = 2 } = {}) {
  const { raw } = await parse([...argv], { args, flags, strict: false });
  return commandWords({ bin: 'mcpd', id, raw, named });
}

/** Nothing that is in the command itself. */
const value = fc
  .stringMatching(/^[A-Za-z0-9_.=@/+ -]{6,60}$/)
  .map((random) => `zq${random}`)
  .filter((random) => random.trim() === random);

describe('the words of a command for the audit', () => {
  test('hold no value of a flag, wherever and however it is given', async () => {
    const given = value.chain((secret) =>
      fc.record({
        secret: fc.constant(secret),
        flag: fc.constantFrom(
          ['--token', secret],
          [`--token=${secret}`],
          ['-t', secret],
          [`-t${secret}`],
          ['--secret', `KEY=${secret}`],
          ['--secret', secret, '--secret', secret],
        ),
        at: fc.integer({ min: 0, max: 2 }),
        last: fc.constantFrom([], [secret], ['--', secret], ['--', 'sh', '-c', secret]),
      }),
    );
    await fc.assert(
      fc.asyncProperty(given, async ({ secret, flag, at, last }) => {
        const argv = ['bob', 'API_KEY'].toSpliced(at, 0, ...flag);
        expect(JSON.stringify(await wordsOf([...argv, ...last]))).not.toContain(secret);
      }),
    );
  });

  test('name what it is about, and which flags were given, in any order', async () => {
    expect(await wordsOf(['-y', 'bob/memory', '--token', 'x', 'KEY', '-y'])).toEqual({
      command: 'mcpd secret set bob/memory KEY --yes --token',
      named: 'mcpd secret set bob/memory KEY',
      object: 'bob/memory',
      subjects: { users: ['bob', 'KEY'], groups: [] },
    });
  });

  test('tell a group from its members', async () => {
    const options = { id: 'group:add', named: Infinity };
    const { subjects } = await wordsOf(['students', 'bob', 'alice', 'bob'], options);
    expect(subjects).toEqual({ users: ['bob', 'alice'], groups: ['students'] });
  });
});
