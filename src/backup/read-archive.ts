import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { ConflictError, McpdError, RefusedError } from '../errors.ts';
import { createDigest, type Digest } from './digest.ts';
import { createJudge } from './judge.ts';
import { endSchema, formatVersion, manifestSchema, type Manifest } from './manifest.ts';
import { fromHeader, textOf, type Member } from './member.ts';
import type { FilePlace, Place } from './place.ts';
import { createTurns } from './turns.ts';

export interface Read {
  readonly member: Member;
  readonly place: FilePlace;
  readonly content: AsyncIterable<Uint8Array>;
}

/** More than a string can hold, so that none that could be written is refused. */
const mostText = 2 ** 30;

export interface OpenArchive {
  readonly manifest: Manifest;
  /** All other members; it ends well only when everything was as it was written. */
  readonly members: AsyncGenerator<Read>;
}

/**
 * Reads an archive's manifest. Throws RefusedError BACKUP_DAMAGED for anything that a backup is not, at
 * once or while its members are read, ConflictError for one of a newer mcpd, and the signal's reason.
 */
export async function readArchive(archive: Readable, signal: AbortSignal): Promise<OpenArchive> {
  const members = readMembers(archive, createTurns(signal));
  const first = await members.next();
  if (first.done || !('manifest' in first.value)) throw damaged('it has no beginning');
  return { manifest: first.value.manifest, members: members as AsyncGenerator<Read> };
}

/** The manifest, then everything but the end. */
async function* readMembers(
  archive: Readable,
  turn: Turn,
): AsyncGenerator<{ manifest: Manifest } | Read> {
  const tar = extract();
  // The package's streams are as Node's; its types say otherwise.
  const piped = pipeline(archive, tar as unknown as Writable);
  piped.catch(() => undefined);
  const entries = readEntries(tar, turn);
  const digest = createDigest();
  const counted = ({ member, content }: Entry) => {
    digest.begin(member);
    return summed(content, { update: digest.update, turn });
  };
  let isAtEnd = false;
  try {
    const first = await entries.next();
    if (first.done || first.value.place.area !== 'manifest') throw damaged('it has no beginning');
    yield { manifest: parseManifest(await jsonOf(counted(first.value))) };
    for await (const entry of entries) {
      const { member, place } = entry;
      if (isAtEnd) throw damaged('something follows its end');
      if (place.area === 'manifest') throw damaged('its order is wrong');
      if (place.area === 'end') {
        requireSameDigest(await jsonOf(entry.content), digest);
        isAtEnd = true;
        continue;
      }
      const content = counted(entry);
      yield { member, place, content };
      // What its reader had no use for.
      for await (const _rest of content);
    }
    await piped;
    if (!isAtEnd) throw damaged('its end is missing');
  } catch (error) {
    throw error instanceof McpdError ? error : damaged('it can’t be read to its end', error);
  } finally {
    tar.destroy();
    archive.destroy();
  }
}

/** A member of which is certain that it may be there, and where. */
interface Entry {
  readonly member: Member;
  readonly place: Place;
  readonly content: AsyncIterable<Uint8Array>;
}

async function* readEntries(tar: ReturnType<typeof extract>, turn: Turn): AsyncGenerator<Entry> {
  const judge = createJudge();
  for await (const source of tar) {
    await turn();
    const member = fromHeader(source.header);
    if (!member) throw refusedMember(source.header.name, `it is a ${source.header.type}`);
    const judged = judge(member);
    if ('reason' in judged) throw refusedMember(textOf(member.path), judged.reason);
    const { place } = judged;
    if (isText(place) && member.size > mostText) throw damaged(`${member.path} is too large`);
    yield { member, place, content: source as AsyncIterable<Uint8Array> };
  }
}

/** Whether a member is read as a whole. */
function isText({ area }: Place): boolean {
  return area === 'manifest' || area === 'end';
}

function requireSameDigest(written: unknown, digest: Digest): void {
  const sums = endSchema.parse(written);
  const found = digest.end();
  if (sums.members === found.members && sums.sha256 === found.sha256) return;
  throw damaged('its digest is another one');
}

type Turn = () => Promise<void>;

interface Passing {
  readonly update: (chunk: Uint8Array) => void;
  readonly turn: Turn;
}

async function* summed(source: AsyncIterable<Uint8Array>, { update, turn }: Passing) {
  try {
    for await (const chunk of source) {
      await turn();
      update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof McpdError ? error : damaged('it can’t be read to its end', error);
  }
}

async function jsonOf(content: AsyncIterable<Uint8Array>): Promise<unknown> {
  return JSON.parse((await buffer(Readable.from(content))).toString('utf8'));
}

/** Of another format first: what a newer one looks like is not known. */
function parseManifest(written: unknown): Manifest {
  const { format, version } = written as { format?: unknown; version?: unknown };
  if (typeof format === 'number' && format > formatVersion) {
    throw new ConflictError(`The backup was written by a newer mcpd (${String(version)}).`, {
      code: 'BACKUP_NEWER',
      suggestions: ['Upgrade mcpd.'],
    });
  }
  return manifestSchema.parse(written);
}

function refusedMember(path: string, reason: string): RefusedError {
  return new RefusedError(`The backup is refused: ${path}: ${reason}.`, {
    code: 'BACKUP_MEMBER_REFUSED',
    suggestions: ['mcpd did not write this. Restore another backup.'],
  });
}

function damaged(reason: string, cause?: unknown): RefusedError {
  return new RefusedError(`The backup is damaged: ${reason}. Nothing was changed.`, {
    code: 'BACKUP_DAMAGED',
    suggestions: ['Restore another copy of it.'],
    cause,
  });
}
