import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path/posix';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack as packFolder } from 'tar-fs';
import { pack, type Pack } from 'tar-stream';
import { modeOf, sortEntries, type Entry, type Tree } from './entries.ts';

/** A tar stream of the entries and their parent folders, the same bytes for the same entries. */
export function packEntries(entries: readonly (Entry | Tree)[]): Readable {
  const archive = pack();
  writeEntries(archive, sortEntries(entries)).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive, { objectMode: false });
}

async function writeEntries(archive: Pack, entries: readonly (Entry | Tree)[]): Promise<void> {
  const known = new Set(entries.filter(({ type }) => type === 'folder').map(({ path }) => path));
  for (const entry of entries) {
    for (const path of missingParents(entry.path, known)) {
      known.add(path);
      await writeEntry(archive, { type: 'folder', path });
    }
    await writeEntry(archive, entry);
  }
}

function missingParents(path: string, known: ReadonlySet<string>): string[] {
  const parent = dirname(path);
  if (parent === '.' || known.has(parent)) return [];
  return [...missingParents(parent, known), parent];
}

async function writeEntry(archive: Pack, entry: Entry | Tree): Promise<void> {
  if (entry.type === 'tree') return writeTree(archive, entry);
  const header = { name: entry.path, mode: modeOf(entry), ...anonymous };
  if (entry.type === 'copy') {
    const { size } = await stat(entry.source);
    return pipeline(createReadStream(entry.source), archive.entry({ ...header, size }));
  }
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (entry.type === 'file') archive.entry(header, entry.content, done);
    else if (entry.type === 'folder') archive.entry({ ...header, type: 'directory' }, done);
    else archive.entry({ ...header, type: 'symlink', linkname: entry.target }, done);
  });
}

// Nothing of the host's own: neither who owns a file there nor since when.
const anonymous = { mtime: new Date(0), uid: 0, gid: 0 };

function writeTree(archive: Pack, { path, source, skip }: Tree) {
  return new Promise<void>((resolve, reject) => {
    archive.once('error', reject);
    packFolder(source, {
      pack: archive,
      finalize: false,
      finish: () => {
        archive.off('error', reject);
        resolve();
      },
      ignore: (name) => skip(relative(source, name)),
      map: (header) => Object.assign(header, { name: join(path, header.name), ...anonymous }),
    });
  });
}
