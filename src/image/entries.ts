import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** One member of an archive. Paths are relative, with slashes; everything belongs to root. */
export type Entry = { readonly path: string; readonly mode?: number } & (
  | { readonly type: 'folder' }
  | { readonly type: 'file'; readonly content: Buffer | string }
  /** A file of this host, by absolute path; links are followed. */
  | { readonly type: 'copy'; readonly source: string }
  | { readonly type: 'link'; readonly target: string }
);

/** A folder of this host with everything in it. */
export interface Tree {
  readonly type: 'tree';
  readonly path: string;
  readonly source: string;
  /** Leaves out a file or folder, by its path relative to `source`. */
  readonly skip: (path: string) => boolean;
}

/** SHA-256 over the entries' paths, modes and contents. */
export async function hashEntries(entries: readonly Entry[]): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of sortEntries(entries)) {
    const content = await contentHash(entry);
    hash.update(JSON.stringify([entry.type === 'copy' ? 'file' : entry.type, entry.path, content]));
    hash.update(String(modeOf(entry)));
  }
  return hash.digest('hex');
}

/** In the order of their paths. */
export function sortEntries<Kind extends Entry | Tree>(entries: readonly Kind[]): Kind[] {
  return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The mode it asks for, or what its type usually has. */
export function modeOf(entry: Entry): number {
  return entry.mode ?? (entry.type === 'folder' ? 0o755 : entry.type === 'link' ? 0o777 : 0o644);
}

async function contentHash(entry: Entry): Promise<string> {
  const hash = createHash('sha256');
  if (entry.type === 'copy') await pipeline(createReadStream(entry.source), hash);
  else if (entry.type === 'file') hash.update(entry.content);
  else if (entry.type === 'link') hash.update(entry.target);
  return hash.digest('hex');
}
