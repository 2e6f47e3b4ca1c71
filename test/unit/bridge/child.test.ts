import { expect, test } from 'vitest';
import { startChild } from '../../../src/bridge/child.ts';
import type { Ending } from '../../../src/bridge/ending.ts';

test('a message that the bridge fails on is told of once, and ends its server alone', async () => {
  const log: string[] = [];
  const endings: Ending[] = [];
  const script = 'console.log("one\\ntwo"); process.stdin.resume()';
  const child = startChild(
    {
      argv: [process.execPath, '-e', script],
      cwd: process.cwd(),
      env: {},
      identity: null,
      stdout: 'messages',
    },
    {
      onLine: () => {
        throw new RangeError('too much');
      },
      onEnd: (ending) => void endings.push(ending),
    },
    {
      lineBytes: 1024,
      clean: (text) => text,
      printStderr: () => undefined,
      log: (line) => void log.push(line),
      countOomKills: () => 0,
      patience: { eofMs: 5_000, termMs: 5_000 },
    },
  );
  await child.ended;
  expect(endings.map(({ cause }) => cause.kind)).toEqual(['bridge-failed']);
  expect(log).toEqual(['a message of the MCP server could not be passed on: too much']);
});
