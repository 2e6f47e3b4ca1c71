import { chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../config/folder.ts';
import type { Context } from '../context.ts';
import { noSpace } from '../disk-fault.ts';
import { RefusedError } from '../errors.ts';
import { fromText, textOf, toBuffer } from './member.ts';
import type { FilePlace } from './place.ts';
import { placeOf } from './place.ts';
import type { Read } from './read-archive.ts';
import type { Newcomer } from './register.ts';
import type { Staging } from './staging.ts';
import { createUnpacker, safeMode, type Owner } from './unpack.ts';

/** A user whose uid is certain. */
export interface Settler {
  readonly newcomer: Newcomer;
  readonly owner: Owner;
}

interface Unpacking {
  readonly staging: Staging;
  readonly settlers: readonly Settler[];
  /** The audit of commands is wanted too. */
  readonly audit: boolean;
  readonly notice: (path: string, what: string) => void;
}

/** Writes the files of the chosen users into the staging folder, and reads the rest. Throws what reading throws. */
export async function unpackUsers(
  { uid, gid }: Pick<Context, 'uid' | 'gid'>,
  members: AsyncIterable<Read>,
  { staging, settlers, audit, notice }: Unpacking,
): Promise<void> {
  const unpacker = createUnpacker();
  const byFormerId = new Map(settlers.map((settler) => [settler.newcomer.backup.id, settler]));
  const isRoot = uid === 0;
  const folderOf = (place: FilePlace): string | undefined => {
    if (place.area === 'audit') return audit ? join(staging.folder, 'audit') : undefined;
    const newcomer = byFormerId.get(place.user)?.newcomer;
    if (!newcomer) return undefined;
    const own = staging.userFolder(newcomer.id);
    if (place.area === 'workspace') return join(own, 'workspace');
    const server = newcomer.serverIds.get(place.server);
    if (server === undefined) return undefined;
    makeFolder(join(own, 'logs'), 0o700);
    return join(own, 'logs', server);
  };
  const ownerOf = (place: FilePlace, isRoots: boolean): Owner | undefined => {
    if (!isRoot) return undefined;
    const isTenants = place.area === 'workspace' && !isRoots;
    return isTenants ? byFormerId.get(place.user)?.owner : { uid, gid };
  };
  for await (const { member, place, content } of members) {
    const folder = folderOf(place);
    if (folder === undefined) continue;
    const linked = member.type === 'link' ? placeOf(member.target) : undefined;
    const target = linked && 'rest' in linked ? pathIn(folder, linked.rest) : undefined;
    const owner = ownerOf(place, member.owner === 'root');
    const path = pathIn(folder, place.rest);
    await unpacker.write({ member, content, path, target, owner }).catch(translate(member.path));
    if (member.type === 'file' && safeMode(member) !== member.mode) {
      notice(textOf(member.path), 'lost its set-uid, set-gid or sticky bit');
    }
  }
  unpacker.finish();
  for (const settler of settlers) ensureWorkspace(staging, settler, isRoot);
}

function pathIn(folder: string, rest: string): Buffer {
  return toBuffer(rest === '' ? fromText(folder) : `${fromText(folder)}/${rest}`);
}

function ensureWorkspace(staging: Staging, { newcomer, owner }: Settler, isRoot: boolean): void {
  const path = join(staging.userFolder(newcomer.id), 'workspace');
  if (existsSync(path)) return;
  makeFolder(path, 0o700);
  if (isRoot) chownSync(path, owner.uid, owner.gid);
}

/** Two members of one path, or a second name of a folder. */
function translate(path: string) {
  return (error: unknown): never => {
    const { code = '' } = error as NodeJS.ErrnoException;
    const full = noSpace(error, textOf(path));
    if (full) throw full;
    if (!['EEXIST', 'EPERM', 'ENOENT', 'EISDIR'].includes(code)) throw error;
    throw new RefusedError(`The backup is refused: ${textOf(path)} can’t be made (${code}).`, {
      code: 'BACKUP_MEMBER_REFUSED',
      suggestions: ['mcpd did not write this. Restore another backup.'],
      cause: error,
    });
  };
}
