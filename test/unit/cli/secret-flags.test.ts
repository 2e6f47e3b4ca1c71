import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSecretFlags } from '../../../src/cli/secret-flags.ts';

const { signal } = new AbortController();
let folder = '';

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mcpd-test-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Buffer): string {
  writeFileSync(join(folder, 'value'), content);
  return `KEY=@${join(folder, 'value')}`;
}

test('a value is what a server will get: as secret set would keep it', async () => {
  const texts = [fileOf('two lines\n\n')];
  expect([...(await readSecretFlags(texts, { signal }))]).toEqual([['KEY', 'two lines\n']]);
});

test('a value that is no text is refused, and not bent into text', async () => {
  const reading = readSecretFlags([fileOf(Buffer.from([0xff, 0xfe, 0x41]))], { signal });
  await expect(reading).rejects.toMatchObject({ code: 'SECRET_VALUE_INVALID', exitCode: 2 });
});

test('two values can’t both come from stdin', async () => {
  const stdin = new PassThrough() as unknown as NodeJS.ReadStream & PassThrough;
  stdin.end('value\n');
  const reading = readSecretFlags(['A=@-', 'B=@-'], { signal, stdin });
  await expect(reading).rejects.toMatchObject({ code: 'STDIN_READ_ALREADY', exitCode: 2 });
});
