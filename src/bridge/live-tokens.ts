import { readFileSync, statSync } from 'node:fs';
import { fieldOf, parseJson } from '../mcp/body.ts';

/** A file changed this recently may change again within the same time stamp, so it is read again. */
const settledMs = 2_000;

/**
 * The ids of the tokens that are valid now, from `{"live": string[]}`. The file is looked at on every
 * question, so a revocation holds from the next request on, with no watcher to lose an event. A file
 * that is missing or unreadable makes no token live.
 */
export function readLiveTokens(file: string): (tokenId: string) => boolean {
  let version = '';
  let live: ReadonlySet<string> = new Set();
  return (tokenId) => {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (!stat?.isFile()) return false;
    const isSettled = Math.abs(Date.now() - Number(stat.mtimeMs)) > settledMs;
    const current = isSettled ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : '';
    if (current === '' || current !== version) {
      live = parseLive(file);
      version = current;
    }
    return live.has(tokenId);
  };
}

function parseLive(file: string): ReadonlySet<string> {
  try {
    const ids = fieldOf(parseJson(readFileSync(file)), 'live');
    return new Set(Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []);
  } catch {
    return new Set();
  }
}
