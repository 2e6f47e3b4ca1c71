/** What is appended to. */
export const currentFile = 'audit.jsonl';

const rotatedPattern = /^audit-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)\.jsonl$/;

/** Of the names in a folder those of audit files, oldest first. */
export function auditFiles(names: readonly string[]): string[] {
  const rotated = names.filter((name) => rotatedPattern.test(name)).toSorted();
  return names.includes(currentFile) ? [...rotated, currentFile] : rotated;
}

/** Name of a file whose first line is of that time, in ms since the epoch, and which comes behind all of `names`. */
export function rotatedName(time: number, names: readonly string[]): string {
  const latest = auditFiles(names).findLast((name) => name !== currentFile);
  const at = Math.max(time, latest === undefined ? 0 : timeOf(latest) + 1);
  return `audit-${new Date(at).toISOString().replaceAll(/[:.]/g, '-')}.jsonl`;
}

function timeOf(name: string): number {
  const [, stamp = ''] = rotatedPattern.exec(name) ?? [];
  return Date.parse(stamp.replace(/T(\d\d)-(\d\d)-(\d\d)-(\d{3})Z/, 'T$1:$2:$3.$4Z'));
}
