const units = new Map([
  ['', 1],
  ['b', 1],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
  ['t', 2 ** 40],
]);

/** Reads `512m`, `1.5g`, `64MiB` or plain bytes, as Docker does (binary units); undefined when it is not a size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim());
  const unit = units.get(match?.[2]?.toLowerCase() ?? '');
  if (!match?.[1] || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes a size in the largest unit that keeps it short: `512MiB`, `1.5GiB`. */
export function formatBytes(bytes: number): string {
  const suffixes = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < suffixes.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0))}${suffixes[index]}`;
}

/** Writes a size exactly, as people do: `512m`, `2g`, or plain bytes. */
export function shortSize(bytes: number): string {
  const fitting = [...units].findLast(([, size]) => bytes >= size && bytes % size === 0);
  const [unit, size] = fitting ?? ['', 1];
  return unit === 'b' ? String(bytes) : `${bytes / size}${unit}`;
}
