import type { Header } from 'tar-stream';

/**
 * One member of a backup. Names of files are bytes, not text: paths and targets of links are strings with
 * a character per byte (latin1), with slashes, relative to the archive.
 */
export interface Member {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  /** Permissions only. */
  readonly mode: number;
  /** Seconds since the epoch, as `timeOf` has it. */
  readonly mtime: number;
  /** Whose it is: uids are another host's affair. */
  readonly owner: 'tenant' | 'root';
  /** In bytes; 0 of all but files. */
  readonly size: number;
  /** Of a symlink what is written in it; of a link the member that it is another name of. */
  readonly target: string;
}

const latestTime = 2 ** 31 - 1;

/** A file's time as a member can have it: a tenant may set any, and tar has whole seconds from 1970 to 2038. */
export function timeOf({ mtimeMs }: { readonly mtimeMs: number }): number {
  return Math.min(Math.max(0, Math.floor(mtimeMs / 1000)), latestTime);
}

/** As tar has it. Names that are no UTF-8 are in records of our own, beside a name that is like them. */
export function toHeader(member: Member): Partial<Header> & Pick<Header, 'name'> {
  const { path, type, mode, mtime, owner, size, target } = member;
  const name = textOf(path);
  const linkname = textOf(target);
  const records = {
    ...(isText(path) ? {} : { [pathRecord]: hexOf(path) }),
    ...(isText(target) ? {} : { [targetRecord]: hexOf(target) }),
  };
  return {
    name,
    type,
    mode,
    size,
    mtime: new Date(mtime * 1000),
    uname: owner,
    gname: owner,
    ...(target === '' ? {} : { linkname }),
    ...(Object.keys(records).length === 0 ? {} : { pax: records }),
  };
}

/** The member that a header describes; undefined when it is of a type that no backup has. */
export function fromHeader(header: Header): Member | undefined {
  const { name, type, mode, mtime, uname, size, linkname } = header;
  if (type !== 'file' && type !== 'directory' && type !== 'symlink' && type !== 'link') return;
  const records = (header.pax ?? {}) as Readonly<Record<string, string | undefined>>;
  return {
    path: bytesOf(name, records[pathRecord]),
    type,
    mode,
    mtime: Math.floor(mtime.getTime() / 1000),
    owner: uname === 'root' ? 'root' : 'tenant',
    size: type === 'file' ? size : 0,
    // Null where there is none, whatever the types say.
    target: bytesOf(linkname ?? '', records[targetRecord]),
  };
}

/** A path for people. */
export function textOf(bytes: string): string {
  return toBuffer(bytes).toString('utf8');
}

export function toBuffer(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}

export function fromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const pathRecord = 'MCPD.path';
const targetRecord = 'MCPD.target';

function isText(bytes: string): boolean {
  return fromText(textOf(bytes)) === bytes;
}

function hexOf(bytes: string): string {
  return toBuffer(bytes).toString('hex');
}

function bytesOf(text: string, hex: string | undefined): string {
  return hex === undefined ? fromText(text) : Buffer.from(hex, 'hex').toString('latin1');
}
