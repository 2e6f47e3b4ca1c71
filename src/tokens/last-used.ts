import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { tokenUseFile } from '../bridge/token-use.ts';

const content = z.object({ used: z.record(z.string(), z.number().min(0)) });

/**
 * When each token was last used at any of these servers, in milliseconds since the epoch, from what
 * their bridges wrote into their log folders. What isn't there or can't be read was never used.
 */
export function lastUses(logFolders: readonly string[]): ReadonlyMap<string, number> {
  const latest = new Map<string, number>();
  for (const folder of logFolders) {
    for (const [id, time] of Object.entries(readUsed(join(folder, tokenUseFile)))) {
      latest.set(id, Math.max(time, latest.get(id) ?? 0));
    }
  }
  return latest;
}

function readUsed(file: string): Record<string, number> {
  try {
    return content.parse(JSON.parse(readFileSync(file, 'utf8'))).used;
  } catch {
    return {};
  }
}
