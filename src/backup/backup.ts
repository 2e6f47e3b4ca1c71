import { lstatSync } from 'node:fs';
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { logFolder } from '../reconcile/desired.ts';
import type { User } from '../registry/rows.ts';
import { listServers } from '../registry/servers.ts';
import { withFiles } from '../storage/read-files.ts';
import { withUser } from '../user/lease.ts';
import { packArchive, type ArchiveWriter } from './archive.ts';
import { createNotices } from './notices.ts';
import { checkOutput, writeOutput } from './output-file.ts';
import type { BackupResult } from './result.ts';
import { sealWith, type Lock } from './seal.ts';
import { takeSnapshot, type Selection, type Snapshot } from './snapshot.ts';
import { untilFree } from './until-free.ts';
import { walk, type Tree } from './walk.ts';

export interface BackupRequest extends Selection {
  /** Undefined: `stdout`. */
  readonly file: string | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly force: boolean;
  readonly lock: Lock;
}

/**
 * Writes an encrypted file from which the chosen users, or the whole home, can be restored anywhere with
 * its key alone. Servers go on meanwhile. Throws ConflictError when the file exists, and when a user who was
 * named is removed or changed meanwhile; what is there then is not complete and is taken away.
 */
export async function makeBackup(context: Context, request: BackupRequest): Promise<BackupResult> {
  const { file, force, stdout, lock } = request;
  if (file !== undefined) checkOutput({ file, force });
  const seal = await sealWith(lock);
  const snapshot = await takeSnapshot(context, request);
  const { archive, summary } = packSnapshot(context, snapshot, { logs: true, isLeased: false });
  const sealed = await seal(archive);
  const bytes =
    file === undefined
      ? await writeTo(stdout, sealed, context.signal)
      : await writeOutput(sealed, { file, force, signal: context.signal });
  const { identity, takenAt } = snapshot.manifest;
  return { file: file ?? null, bytes, whole: identity !== null, takenAt, ...summary() };
}

interface Packing {
  /** The audit too. */
  readonly logs: boolean;
  /** The caller holds the users' leases. */
  readonly isLeased: boolean;
}

/** The archive of a snapshot, not encrypted, and what is in it once it has been read. */
export function packSnapshot(
  context: Context,
  { manifest, users }: Snapshot,
  { logs, isLeased }: Packing,
) {
  const notices = createNotices();
  const rows: { user: string; files: number; bytes: number }[] = [];
  const { workspaces, identity } = manifest;
  const add = isLeased ? addFiles : identity ? addOneOfAll : addUser;
  const archive: Readable = packArchive(async (writer) => {
    await writer.addText('manifest.json', JSON.stringify(manifest));
    for (const user of users) {
      const files = { writer, user, workspaces, logs, notice: notices.add };
      rows.push({ user: user.name, ...(await add(context, files)) });
    }
    if (identity) {
      const { audit: folder } = context.home;
      await addTree(writer, { folder, path: 'audit', appended: true, notice: notices.add });
    }
  });
  return { archive, summary: () => ({ users: rows, notices: notices.result() }) };
}

interface UserFiles {
  readonly writer: ArchiveWriter;
  readonly user: User;
  readonly workspaces: boolean;
  readonly logs: boolean;
  readonly notice: Tree['notice'];
}

interface Count {
  readonly files: number;
  readonly bytes: number;
}

/** Nothing else changes the user meanwhile: it might move the files. Throws ConflictError for one who is gone. */
async function addUser(context: Context, files: UserFiles): Promise<Count> {
  const { id, name } = files.user;
  const count = await withUser(context, id, () => addFiles(context, files));
  if (count) return count;
  throw new ConflictError(`${name} was removed while the backup was made.`, {
    code: 'BACKUP_USER_GONE',
    suggestions: ['Make it again.'],
  });
}

/** As much as there is of them: everybody else's files would be lost by an error. */
async function addOneOfAll(context: Context, files: UserFiles): Promise<Count> {
  const { id, name } = files.user;
  const onWait = (message: string) => context.progress.notice(`${message} The backup waits.`);
  const count = await untilFree({ onWait }, (begin) =>
    withUser(context, id, () => {
      begin();
      return addFiles(context, files);
    }),
  );
  if (count === undefined) files.notice(name, 'removed meanwhile: their files are not in it');
  return count ?? { files: 0, bytes: 0 };
}

async function addFiles(context: Context, files: UserFiles): Promise<Count> {
  const { writer, user, workspaces, logs, notice } = files;
  const { registry, home } = context;
  for (const { id } of logs ? listServers(registry, user.id) : []) {
    const folder = logFolder(home, user.id, id);
    const path = `users/${user.id}/logs/${id}`;
    await addTree(writer, { folder, path, appended: true, notice });
  }
  if (!workspaces) return { files: 0, bytes: 0 };
  const path = `users/${user.id}/workspace`;
  return withFiles(context, user, (folder) => addTree(writer, { folder, path, notice }));
}

async function addTree(writer: ArchiveWriter, tree: Tree): Promise<Count> {
  const count = { files: 0, bytes: 0 };
  if (lstatSync(tree.folder, { throwIfNoEntry: false }) === undefined) return count;
  for (const found of walk(tree)) {
    await writer.add(found);
    count.files += 1;
    count.bytes += found.member.size;
  }
  return count;
}

async function writeTo(
  target: NodeJS.WritableStream,
  content: Readable,
  signal: AbortSignal,
): Promise<number> {
  const counted = new PassThrough();
  let bytes = 0;
  counted.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await pipeline(content, counted, target, { signal, end: false });
  return bytes;
}
