/** Round values from 0 up to the first one that is not below `max`: at most six. */
export function linearTicks(max: number): number[] {
  const rough = Math.max(1, max) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10) * power);
  const count = Math.max(1, Math.ceil(max / step));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** Powers of ten around all values: at least two. */
export function powerTicks(values: readonly number[]): number[] {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
}

/** `950`, `1.2k`, `3M` */
export function compact(count: number): string {
  const units = ['', 'k', 'M', 'G'];
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 1 : 0))}${units[unit]}`;
}

export interface TimeTick {
  /** Index of the step it stands at. */
  readonly at: number;
  readonly label: string;
}

const mostTicks = 9;

/** Ticks of a time axis from the names of its steps: at hours of two days, at days of everything longer. */
export function timeTicks(names: readonly string[], step: 'hour' | 'day'): TimeTick[] {
  const isShort = step === 'hour' && names.length <= 48;
  const marked = [...names.entries()].filter(
    ([, name]) => step === 'day' || name.slice(11, 13) === '00' || isShort,
  );
  const every = Math.ceil(marked.length / mostTicks);
  return marked
    .filter((_, index) => index % every === 0)
    .map(([at, name]) => ({ at, label: isShort ? name.slice(11, 16) : dayLabel(name) }));
}

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `2026-01-31…` as `Jan 31`. */
export function dayLabel(name: string): string {
  return `${months[Number(name.slice(5, 7)) - 1]} ${Number(name.slice(8, 10))}`;
}
