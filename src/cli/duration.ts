import * as z from 'zod';

const units = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** `30s`, `2m`, `1h30m`, `7d`, in milliseconds. */
export const durationText = z.string().transform((text, issue) => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)];
  const isWhole = parts.map(([part]) => part).join('') === text;
  const total = parts.reduce(
    (sum, [, amount = '', unit = '']) => sum + Number(amount) * (units.get(unit) ?? Number.NaN),
    0,
  );
  if (isWhole && total > 0 && Number.isSafeInteger(Math.round(total))) return Math.round(total);
  issue.addIssue(`"${text}" is not a duration; write e.g. 30s, 2m, 1h30m or 7d`);
  return z.NEVER;
});

/** The same, and `0`. */
export const durationOrNone = z.union([z.literal('0').transform(() => 0), durationText], {
  error: 'write 0, or a duration such as 30s, 2m, 1h30m or 7d',
});
