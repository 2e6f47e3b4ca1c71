import type { ControlLine } from './result.ts';

type Changes = ControlLine['changes'];

/** A line of the audit is read from its end in one piece. */
const bytesAtMost = 2 ** 16;
const lettersAtMost = 2 ** 12;

/** Of very many changes the first, and how many more there are; of very long values the beginning. */
export function bounded(all: Changes): Changes {
  const changes = all.map(({ what, before, after }) => ({
    what,
    before: cut(before),
    after: cut(after),
  }));
  let bytes = 0;
  const most = changes.findIndex((change) => {
    bytes += Buffer.byteLength(JSON.stringify(change));
    return bytes > bytesAtMost;
  });
  if (most === -1) return changes;
  const rest = { what: `and ${changes.length - most} more`, before: null, after: null };
  return [...changes.slice(0, most), rest];
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > lettersAtMost
    ? `${value.slice(0, lettersAtMost)}…`
    : value;
}
