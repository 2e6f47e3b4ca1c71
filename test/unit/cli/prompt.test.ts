import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../../src/cli/prompt.ts';
import { CancelledError, UsageError } from '../../../src/errors.ts';

function terminal(isTTY: boolean) {
  const stdin = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream;
  const stderr = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream;
  return { stdin, stderr };
}

test('--yes asks nothing', async () => {
  const streams = terminal(true);
  await confirm('Remove bob?', { yes: true, ...streams });
  expect(streams.stderr.read()).toBeNull();
});

test('without a terminal it fails at once and says what to add', async () => {
  const failure = confirm('Remove bob?', { yes: false, ...terminal(false) });
  await expect(failure).rejects.toBeInstanceOf(UsageError);
  await expect(failure).rejects.toMatchObject({ suggestions: ['Add --yes to go ahead.'] });
});

test.each(['y', 'Y', 'yes'])('"%s" goes ahead', async (answer) => {
  const streams = terminal(true);
  const asked = confirm('Remove bob?', { yes: false, ...streams });
  streams.stdin.push(`${answer}\n`);
  await asked;
  expect(String(streams.stderr.read())).toContain('Remove bob? [y/N]');
});

test.each(['n', '', 'yeah', 'no'])('"%s" changes nothing', async (answer) => {
  const streams = terminal(true);
  const asked = confirm('Remove bob?', { yes: false, ...streams });
  streams.stdin.push(`${answer}\n`);
  await expect(asked).rejects.toBeInstanceOf(CancelledError);
});

test('the end of input changes nothing', async () => {
  const streams = terminal(true);
  const asked = confirm('Remove bob?', { yes: false, ...streams });
  streams.stdin.push(null);
  await expect(asked).rejects.toBeInstanceOf(CancelledError);
});
