import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { toBuffer, type Member } from './member.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** A member with its places on this host; both lie in a folder that nobody else reaches. */
export interface Unpacked {
  readonly member: Member;
  readonly content: AsyncIterable<Uint8Array>;
  readonly path: Buffer;
  /** Of a link: the other name. */
  readonly target: Buffer | undefined;
  /** Undefined: files stay the caller's, who isn't root. */
  readonly owner: Owner | undefined;
}

export interface Unpacker {
  write(entry: Unpacked): Promise<void>;
  /** Gives folders their modes and times, which what is put into them would change. */
  finish(): void;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const zeros = Buffer.alloc(2 ** 18);

/** Makes files, folders and links; nothing that exists is opened or replaced. */
export function createUnpacker(): Unpacker {
  const folders: Unpacked[] = [];
  return {
    write: async (entry) => {
      const { member, path, target, owner } = entry;
      if (member.type === 'directory') {
        mkdirSync(path, { mode: 0o700 });
        folders.push(entry);
      } else if (member.type === 'symlink') {
        symlinkSync(toBuffer(member.target), path);
        if (owner) lchownSync(path, owner.uid, owner.gid);
        lutimesSync(path, member.mtime, member.mtime);
      } else if (target) linkSync(target, path);
      else await writeFile(entry);
    },
    finish: () => {
      for (const { path, member, owner } of folders.toReversed()) {
        if (owner) chownSync(path, owner.uid, owner.gid);
        chmodSync(path, safeMode(member));
        utimesSync(path, member.mtime, member.mtime);
      }
    },
  };
}

/** Without the bits that lend the owner's rights to whoever runs a file. */
export function safeMode({ mode, type }: Pick<Member, 'mode' | 'type'>): number {
  return mode & (type === 'directory' ? 0o1777 : 0o777);
}

async function writeFile({ member, content, path, owner }: Unpacked): Promise<void> {
  const handle = openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600);
  try {
    let position = 0;
    for await (const chunk of content) {
      // Empty blocks become holes, as they often were.
      if (!isEmpty(chunk)) writeAll(handle, chunk, position);
      position += chunk.length;
    }
    ftruncateSync(handle, position);
    if (owner) fchownSync(handle, owner.uid, owner.gid);
    fchmodSync(handle, safeMode(member));
    futimesSync(handle, member.mtime, member.mtime);
  } finally {
    closeSync(handle);
  }
}

function writeAll(handle: number, chunk: Uint8Array, position: number): void {
  for (let written = 0; written < chunk.length;) {
    written += writeSync(handle, chunk, written, chunk.length - written, position + written);
  }
}

function isEmpty(chunk: Uint8Array): boolean {
  const { length } = chunk;
  return length >= 4096 && length <= zeros.length && zeros.subarray(0, length).equals(chunk);
}
