import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { ConflictError, McpdError, RefusedError } from '../errors.ts';
import { createDigest } from './digest.ts';
import { createJudge } from './judge.ts';
import { endSchema, formatVersion, manifestSchema, type Manifest } from './manifest.ts';
import { fromHeader, textOf, type Member } from './member.ts';
import type { FilePlace } from './place.ts';
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

async function* readMembers(
  archive: Readable,
  turn: Turn,
): AsyncGenerator<{ manifest: Manifest } | Read> {
  const tar = extract();
  // The package's streams are as Node's; its types say otherwise.
  const piped = pipeline(archive, tar as unknown as Writable);
  piped.catch(() => undefined);
  const judge = createJudge();
  const digest = createDigest();
  let isAtEnd = false;
  let isFirst = true;
  try {
    for await (const source of tar) {
      await turn();
      if (isAtEnd) throw damaged('something follows its end');
      const content = source as AsyncIterable<Uint8Array>;
      const member = fromHeader(source.header);
      if (!member) throw refusedMember(source.header.name, `it is a ${source.header.type}`);
      const judged = judge(member);
      if ('reason' in judged) throw refusedMember(textOf(member.path), judged.reason);
      const { place } = judged;
      if ((place.area === 'manifest') !== isFirst) throw damaged('its order is wrong');
      isFirst = false;
      const isText = place.area === 'manifest' || place.area === 'end';
      if (isText && member.size > mostText) throw damaged(`${member.path} is too large`);
      if (place.area === 'end') {
        const sums = endSchema.parse(await jsonOf(content));
        const found = digest.end();
        if (sums.members !== found.members || sums.sha256 !== found.sha256) {
          throw damaged('its digest is another one');
        }
        isAtEnd = true;
        continue;
      }
      digest.begin(member);
      const checked = summed(content, { update: digest.update, turn });
      if (place.area === 'manifest') yield { manifest: parseManifest(await jsonOf(checked)) };
      else yield { member, place, content: checked };
      // What its reader had no use for.
      for await (const _rest of checked);
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
