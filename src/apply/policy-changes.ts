import { isDeepStrictEqual } from 'node:util';
import { shortSize } from '../policy/bytes.ts';
import type { Policy } from '../policy/policy.ts';

/** What differs, field by field: `memory 256m → 512m`. */
export function policyChanges(before: Policy, after: Policy): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Policy)[];
  return keys
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => {
      const [from, to] = [before[key], after[key]];
      if (typeof from === 'object' || typeof to === 'object') return `${key} changed`;
      return `${key} ${valueText(key, from)} → ${valueText(key, to)}`;
    });
}

function valueText(key: keyof Policy, value: string | number | undefined): string {
  if (value === undefined) return 'unset';
  const isSize = key === 'memory' || key === 'storage';
  return isSize ? shortSize(Number(value)) : String(value);
}
