import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RefusedError, UsageError } from '../errors.ts';

/** A client's settings file, as it was when it was read. */
export interface ClientFile {
  /** Where it really is, behind links. */
  readonly path: string;
  /** '' when there is none. */
  readonly text: string;
  /** Undefined when there is none. */
  readonly mode: number | undefined;
}

/** Throws UsageError for what isn't a file, RefusedError for one that another account could swap. */
export async function readClientFile(asked: string, uid: number): Promise<ClientFile> {
  const named = resolve(asked);
  const path = await realpath(named).catch(() => named);
  await refuseForeign(named, uid);
  await refuseForeign(path, uid);
  try {
    const { mode } = await stat(path);
    return { path, text: await readFile(path, 'utf8'), mode: mode & 0o777 };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { path, text: '', mode: undefined };
    throw new UsageError(`${asked} can't be read: ${code}.`, {
      code: 'CLIENT_FILE_UNREADABLE',
      suggestions: ['Name another file with --file, or leave out --write and paste the block.'],
      cause: error,
    });
  }
}

/** Replaces it in one step, with its mode; a new one is its owner's alone, since a token is in it. */
export async function writeClientFile({ path, mode }: ClientFile, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.mcpd-${randomBytes(6).toString('hex')}`);
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  const handle = await open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode ?? 0o600);
    await handle.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Root writes below no folder of another account: they could make it lead anywhere. */
async function refuseForeign(path: string, uid: number): Promise<void> {
  if (uid !== 0) return;
  for (const folder of parents(path)) {
    const owner = await ownerOf(folder);
    if (owner === undefined || owner === 0) continue;
    throw new RefusedError(`${folder} belongs to another account (uid ${owner}).`, {
      code: 'FOREIGN_FOLDER',
      suggestions: ['Leave out --write, and let them paste the block themselves.'],
    });
  }
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...parents(parent)];
}

/** Undefined for one that isn't there yet. */
async function ownerOf(folder: string): Promise<number | undefined> {
  return lstat(folder).then(
    ({ uid }) => uid,
    () => undefined,
  );
}
