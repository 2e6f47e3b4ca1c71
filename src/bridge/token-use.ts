import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { fieldOf, parseJson } from '../mcp/body.ts';

/** When tokens were last used, for `token list`; off the path of a request but for a look into a map. */
export interface TokenUse {
  note(tokenId: string): void;
  /** Writes what was noted since; called every second. */
  sweep(): void;
}

/** Where it is kept, in the bridge's folder of records: `{"used": {id: ms}}`. */
export const tokenUseFile = 'tokens-used.json';

const noteMs = 60_000;
const mostTokens = 1_024;

/**
 * Keeps a token's last use to the minute. What an earlier run wrote is kept; the file is a record for
 * people, so that one which can't be written is nothing to fail for.
 */
export function recordTokenUse(file: string, clock: Clock): TokenUse {
  const used = readUsed(file);
  let isWritten = true;
  return {
    note: (tokenId) => {
      const now = clock.now();
      if (now - (used.get(tokenId) ?? 0) < noteMs) return;
      // Behind the others, so that the one longest unused is first.
      used.delete(tokenId);
      if (used.size >= mostTokens) used.delete(used.keys().next().value ?? '');
      used.set(tokenId, now);
      isWritten = false;
    },
    sweep: () => {
      if (isWritten) return;
      isWritten = true;
      try {
        const draft = `${file}.new`;
        writeFileSync(draft, JSON.stringify({ used: Object.fromEntries(used) }), { mode: 0o600 });
        renameSync(draft, file);
      } catch {
        // A read-only or missing folder.
      }
    },
  };
}

function readUsed(file: string): Map<string, number> {
  try {
    const used = fieldOf(parseJson(readFileSync(file)), 'used');
    const entries = typeof used === 'object' && used !== null ? Object.entries(used) : [];
    return new Map(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])));
  } catch {
    return new Map();
  }
}
