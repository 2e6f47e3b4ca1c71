import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readValue } from '../../../src/cli/read-value.ts';

const { signal } = new AbortController();

function terminal() {
  const echo: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode(isRaw: boolean) {
      echo.push(!isRaw);
      return this;
    },
  }) as unknown as NodeJS.ReadStream;
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
  return { stdin, stderr, echo };
}

test('a pipe is read to its end, byte for byte', async () => {
  const stdin = new PassThrough();
  stdin.end(Buffer.from([1, 2, 0xff, 10]));
  const value = await readValue({
    from: undefined,
    label: 'X',
    signal,
    stdin: stdin as unknown as NodeJS.ReadStream,
  });
  expect([...value]).toEqual([1, 2, 0xff, 10]);
});

test.each(['@', ''])('a file is read, named with "%s" before it', async (prefix) => {
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-test-'));
  try {
    await writeFile(join(folder, 'secret'), 'hunter2\n');
    const value = await readValue({ from: `${prefix}${folder}/secret`, label: 'X', signal });
    expect(Buffer.from(value).toString()).toBe('hunter2\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a file that is not there is named', async () => {
  const failure = readValue({ from: '@/nowhere/x', label: 'X', signal });
  await expect(failure).rejects.toThrow("/nowhere/x can't be read: there is no such file.");
});

test('what stands without "@" may be the value itself, and is not repeated', async () => {
  const failure = readValue({ from: 'hunter2', label: 'X', signal });
  await expect(failure).rejects.toThrow(/^What was given as a file can't be read: there is no/);
});

test('on a terminal the value is asked for, and neither shown nor echoed', async () => {
  const { stdin, stderr, echo } = terminal();
  const reading = readValue({ from: undefined, label: 'GITHUB_TOKEN', signal, stdin, stderr });
  stdin.push('hunteX');
  stdin.push('\u007fr2\r');
  expect(Buffer.from(await reading).toString()).toBe('hunter2');
  expect(echo).toEqual([false, true]);
  expect(String(stderr.read())).toBe('GITHUB_TOKEN (not shown): \n');
});

test('Ctrl-C at the question cancels, and the terminal echoes again', async () => {
  const { stdin, stderr, echo } = terminal();
  const reading = readValue({ from: undefined, label: 'X', signal, stdin, stderr });
  stdin.push('abc\u0003');
  await expect(reading).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 130 });
  expect(echo.at(-1)).toBe(true);
});
