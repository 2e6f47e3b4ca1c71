import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cpusetText,
  cpusetValue,
  cpusetWithin,
  formatCpuset,
  isCpusetWithin,
} from '../../../src/policy/cpuset.ts';

const processors = fc.uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 });

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((one, other) => one - other);
}

describe('a list of processors', () => {
  test.each([
    ['0', '0'],
    ['3,1,2', '1-3'],
    ['0-3,2-5,9', '0-5,9'],
    ['7,0-1', '0-1,7'],
    ['1023', '1023'],
  ])('%s is %s', (written, parsed) => {
    expect(cpusetText.parse(written)).toBe(parsed);
  });

  test.each(['', ' ', '-1', '3-1', '0-', '0,,1', 'all', '0-1024', '1.5', '0 1', '٣'])(
    '%j is none, and the error says how to write one',
    (written) => {
      const { error } = cpusetText.safeParse(written);
      expect(error?.issues[0]?.message).toBe(
        `"${written}" is not a list of processors; write e.g. 0-3 or 2,6 (from 0 on)`,
      );
    },
  );

  test('is the same text however the same processors are written', () => {
    fc.assert(
      fc.property(processors, (some) => {
        const written = cpusetText.parse(some.join(','));
        expect(written).toBe(formatCpuset(some));
        expect(cpusetText.parse(written)).toBe(written);
        const said = written.split(',').map((range) => range.split('-').map(Number));
        const spelled = said.flatMap(([from = 0, to = from]) =>
          Array.from({ length: to - from + 1 }, (_, index) => from + index),
        );
        expect(spelled).toEqual(ascending(some));
      }),
    );
  });

  test('may be a number, as YAML reads it', () => {
    expect(cpusetValue.parse(2)).toBe('2');
    expect(cpusetValue.safeParse(0.5).success).toBe(false);
  });

  test('within another one is what both name, and the other one where that is nothing', () => {
    fc.assert(
      fc.property(processors, processors, (some, others) => {
        const [one, other] = [formatCpuset(some), formatCpuset(others)];
        const both = some.filter((processor) => others.includes(processor));
        const within = cpusetWithin(one, other);
        expect(within).toBe(both.length === 0 ? other : formatCpuset(both));
        expect(isCpusetWithin(within, other)).toBe(true);
        expect(isCpusetWithin(one, other)).toBe(both.length === some.length);
      }),
    );
  });
});
