import type { Check, DoctorResult } from '../doctor/result.ts';
import type { Style } from './style.ts';
import { printable } from './width.ts';

export function renderDoctor({ checks, fixed, healthy }: DoctorResult, style: Style): string {
  const width = Math.max(...checks.map(({ id }) => id.length));
  const lines = checks.flatMap((check) => renderCheck(check, width, style));
  const warnings = checks.filter(({ status }) => status === 'warn').length;
  const verdict = healthy
    ? `All is well${warnings > 0 ? `, with ${warnings} to note` : ''}.`
    : `${checks.filter(({ status }) => status === 'fail').length} of ${checks.length} checks failed.`;
  return [...fixed.map((one) => `Fixed: ${printable(one)}`), ...lines, '', verdict].join('\n');
}

function renderCheck(
  { id, status, summary, meaning, mend }: Check,
  width: number,
  style: Style,
): string[] {
  const paint = { ok: style.green, warn: style.yellow, fail: style.red }[status];
  const indent = ' '.repeat(6 + width + 2);
  return [
    `${paint(status.padEnd(4))}  ${id.padEnd(width)}  ${printable(summary)}`,
    ...(meaning === '' ? [] : [`${indent}${printable(meaning)}`]),
    ...mend.map((step) => `${indent}→ ${printable(step)}`),
  ];
}
