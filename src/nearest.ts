/** The candidates that `word` is most likely a slip of, best first, at most three. */
export function nearest(word: string, candidates: Iterable<string>): string[] {
  // Of a word of two letters one must be right.
  const limit = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1);
  return [...candidates]
    .map((candidate) => ({ candidate, cost: cost(word, candidate) }))
    .filter((one) => one.cost <= limit)
    .toSorted((a, b) => a.cost - b.cost || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map((one) => one.candidate);
}

/** Edit distance, but a shared beginning or a shared last part of a dotted key counts as near. */
function cost(word: string, candidate: string): number {
  if (word.length > 1 && candidate.startsWith(word)) return 1;
  if (candidate.endsWith(`.${word}`)) return 1;
  return editDistance(word.toLowerCase(), candidate.toLowerCase());
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
