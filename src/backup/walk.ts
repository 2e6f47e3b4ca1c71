import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { heldPath, holdFolder } from '../workspace/held.ts';
import { FirstNames } from './first-names.ts';
import { holdFiles, namesIn } from './hold-files.ts';
import { textOf, timeOf, type Member } from './member.ts';

export interface Tree {
  /** The folder on this host; it and its parents are trusted. */
  readonly folder: string;
  /** Its path in the archive. */
  readonly path: string;
  /**
   * Records: only ever appended to, so what is there when a file is opened is all; renamed and removed meanwhile,
   * so they are taken as they are at one moment; and without links, which a server that shares the caller's uid
   * may have put there.
   */
  readonly appended?: boolean;
  /** Told of what could not be kept, or changed meanwhile; a path in the archive, for people. */
  readonly notice: (path: string, reason: string) => void;
}

export interface Found {
  readonly member: Member;
  /** Of a file its content, exactly `size` bytes; to be read before the next one is asked for. */
  readonly content?: Iterable<Uint8Array>;
}

/** Longer ones can't be made again below a home. */
const longestPath = 3500;
const chunkBytes = 2 ** 18;
const zeros = new Uint8Array(chunkBytes);
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Everything in a folder, folders before what is in them. Tenants may rename and replace while it is read:
 * each name is looked up in a folder that is held open, and no link is followed, so that nothing outside
 * gets in. Other file systems are left out.
 */
export function* walk(tree: Tree): Generator<Found> {
  const root = holdFolder(tree.folder);
  const { dev } = fstatSync(root);
  yield* walkFolder({ tree, dev, names: new FirstNames() }, root, tree.path);
}

interface Walk {
  readonly tree: Tree;
  readonly dev: number;
  readonly names: FirstNames;
}

/** Closes the handle. */
function* walkFolder(state: Walk, handle: number, path: string): Generator<Found> {
  try {
    yield { member: memberOf('directory', path, fstatSync(handle)) };
    using held = state.tree.appended ? holdFiles(handle) : undefined;
    for (const name of held?.names ?? namesIn(handle)) {
      const source = held?.handles.get(name) ?? heldPath(handle, Buffer.from(name, 'latin1'));
      yield* walkEntry(state, source, `${path}/${name}`);
    }
  } finally {
    closeSync(handle);
  }
}

/** `source`: the handle of a file, or a path. */
function* walkEntry(state: Walk, source: number | string | Buffer, path: string): Generator<Found> {
  const { tree, dev } = state;
  const skip = (reason: string) => tree.notice(textOf(path), reason);
  try {
    const stat = typeof source === 'number' ? fstatSync(source) : lstatSync(source);
    if (path.length > longestPath) skip('left out: its path is too long');
    else if (stat.dev !== dev) skip('left out: another file system');
    else if (stat.isSymbolicLink() && tree.appended) skip('left out: a link among records');
    else if (typeof source === 'number') yield* readFile(state, source, path);
    else if (stat.isSymbolicLink()) {
      const target = readlinkSync(source, { encoding: 'buffer' }).toString('latin1');
      yield { member: { ...memberOf('symlink', path, stat), target } };
    } else if (stat.isDirectory()) {
      yield* walkFolder(state, holdFolder(source), path);
    } else if (stat.isFile()) yield* openFile(state, source, path);
    else skip('left out: neither a file, a folder nor a link');
  } catch (error) {
    const reason = reasons.get((error as NodeJS.ErrnoException).code ?? '');
    if (reason === undefined) throw error;
    skip(reason);
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'left out: it went meanwhile'],
  ['ELOOP', 'left out: it was replaced meanwhile'],
  ['ENOTDIR', 'left out: it was replaced meanwhile'],
  ['ENXIO', 'left out: it was replaced meanwhile'],
  ['EACCES', 'left out: you may not read it'],
  ['EPERM', 'left out: you may not read it'],
]);

const mostHoles = 64 * 2 ** 30;

function* openFile(state: Walk, source: string | Buffer, path: string): Generator<Found> {
  // Without waiting, should it have become a pipe meanwhile.
  const handle = openSync(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (fstatSync(handle).isFile()) yield* readFile(state, handle, path);
    else state.tree.notice(textOf(path), 'left out: it was replaced meanwhile');
  } finally {
    closeSync(handle);
  }
}

function* readFile({ tree, names }: Walk, handle: number, path: string): Generator<Found> {
  const stat = fstatSync(handle);
  // A tenant's file of nothing would keep a backup reading for days.
  if (stat.size - stat.blocks * 512 > mostHoles) {
    return tree.notice(textOf(path), 'left out: more than 64 GiB of it are holes');
  }
  const first = tree.appended ? undefined : names.of(stat, path);
  const member = memberOf(first === undefined ? 'file' : 'link', path, stat);
  if (first !== undefined) return yield { member: { ...member, target: first } };
  yield { member, content: readExactly(handle, stat.size) };
  const after = fstatSync(handle);
  const changed = after.mtimeMs !== stat.mtimeMs || after.size !== stat.size;
  if (changed && !(tree.appended && after.size >= stat.size)) {
    tree.notice(textOf(path), 'changed while it was read');
  }
}

/** A file that got shorter is filled up with zeros: its size was told already. */
function* readExactly(handle: number, size: number): Generator<Uint8Array> {
  let left = size;
  while (left > 0) {
    const buffer = Buffer.allocUnsafe(Math.min(left, chunkBytes));
    const count = readSync(handle, buffer, 0, buffer.length, null);
    if (count === 0) break;
    left -= count;
    yield buffer.subarray(0, count);
  }
  for (; left > 0; left -= Math.min(left, chunkBytes)) {
    yield zeros.subarray(0, Math.min(left, chunkBytes));
  }
}

function memberOf(type: Member['type'], path: string, stat: Stats): Member {
  return {
    path,
    type,
    mode: stat.mode & 0o7777,
    mtime: timeOf(stat),
    owner: stat.uid === 0 ? 'root' : 'tenant',
    size: type === 'file' ? stat.size : 0,
    target: '',
  };
}
