import type { Clock } from '../clock.ts';
import { fieldOf, parseJson } from '../mcp/body.ts';
import { watched, type FolderWatch } from './watched.ts';

/**
 * What the host says in `tokens.json`. Bridges of older images read `live` only; they learn at the
 * next change that a token has come to its end before its `exp` says so.
 */
export interface LiveTokens {
  /** Ids of the tokens that are valid now. */
  readonly live: readonly string[];
  /** When they end, in milliseconds since the epoch; one that isn't here ends with its `exp` alone. */
  readonly until: Readonly<Record<string, number>>;
}

/** The ids of the tokens that are valid now. A file that is missing or unreadable makes no token live. */
export function readLiveTokens(
  file: string,
  clock: Clock,
  folder?: FolderWatch,
): (tokenId: string) => boolean {
  const live = watched(file, parseLive, folder);
  return (tokenId) => {
    const until = live().get(tokenId);
    return until !== undefined && clock.now() < until;
  };
}

/** When each valid token ends. */
function parseLive(json: Buffer | undefined): ReadonlyMap<string, number> {
  const content = json && parseJson(json);
  const ids = fieldOf(content, 'live');
  const until = fieldOf(content, 'until');
  const endOf = (id: string): number => {
    const end = fieldOf(until, id);
    return typeof end === 'number' ? end : Infinity;
  };
  const valid = Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  return new Map(valid.map((id) => [id, endOf(id)]));
}
