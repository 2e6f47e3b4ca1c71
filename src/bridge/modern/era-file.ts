import { readFileSync, writeFileSync } from 'node:fs';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import type { EraMemory } from './era.ts';

/**
 * Remembers the era of a program in a file, for as long as it runs from the same image. The file is a
 * hint: without it, or where it can't be written, the server is asked again.
 */
export function rememberEra(file: string, image: string): EraMemory {
  let known: ReturnType<EraMemory['read']>;
  return {
    read: () => (known ??= readEra(file, image)),
    write: (era) => {
      known = era;
      try {
        writeFileSync(file, JSON.stringify({ image, era }), { mode: 0o600 });
      } catch {
        // A read-only or missing folder.
      }
    },
  };
}

function readEra(file: string, image: string): ReturnType<EraMemory['read']> {
  try {
    const found = parseJson(readFileSync(file));
    const era = fieldOf(found, 'era');
    const isOurs = fieldOf(found, 'image') === image && (era === 'modern' || era === 'legacy');
    return isOurs ? era : undefined;
  } catch {
    return undefined;
  }
}
