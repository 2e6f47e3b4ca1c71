import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUsageSum, encodeUsage } from '../../../src/records/usage.ts';
import { SumScanner } from '../../../src/report/scan.ts';
import { anyUsage } from './usage-lines.ts';

const scanner = new SumScanner();

function scan(line: string) {
  const text = Buffer.from(`before\n${line}\nafter`);
  return scanner.scan(text, 7, text.indexOf('\nafter'));
}

function decode(line: string) {
  const close = line.indexOf(']');
  return decodeUsageSum(line.slice(0, close === -1 ? undefined : close));
}

test('the bytes of a line hold the same sum as its text', () => {
  fc.assert(
    fc.property(anyUsage, (usage) => {
      const line = encodeUsage(usage);
      expect(scan(line)).toEqual(decode(line));
      expect(scan(line)?.cpuSeconds).toBe(usage.cpuSeconds);
    }),
  );
});

test('a short sum has nothing of the line before it', () => {
  scan('[1,2,3,4,5,[6,7,8,9,10,11,12]]');
  const short = '[1,2,3,4,5,[6,7]]';
  expect([undefined, decode(short)]).toContainEqual(scan(short));
});

test('what is not in plain digits is left to the text, never misread', () => {
  fc.assert(
    fc.property(anyUsage, fc.double({ min: 0, noNaN: true }), (usage, cpuSeconds) => {
      const line = encodeUsage({ ...usage, cpuSeconds });
      expect([undefined, cpuSeconds]).toContain(scan(line)?.cpuSeconds);
    }),
  );
});

test.each([
  '',
  '[',
  '[1,2,3,4,5,[6,7',
  '[1,2,3,4,5,6]',
  '[1,2,3,4,[5,6]',
  '[1,,3,4,5,[6]',
  '[1,2,3,4,5,[[6]',
  '[1,2,3,4,5,[6,]',
  '[1,-2,3,4,5,[6]',
  '[1,.5,3,4,5,[6]',
  '[1,2,3,4,5,["6"]',
])('what no bridge wrote is no sum: %s', (line) => {
  expect(scan(line)).toBeUndefined();
});
