import { isUtf8 } from 'node:buffer';
import type { Registry } from '../registry/database.ts';
import { listGroups } from '../registry/groups.ts';
import { listUsers } from '../registry/users.ts';
import { checkDocument } from './check.ts';
import { invalidDocument, placed } from './problems.ts';
import { resolveDocument, type ResolveWorld, type Wanted } from './resolve.ts';
import { readSource, type Source } from './source.ts';

export interface DocumentText {
  /** For messages: `tenants.yaml`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Where its relative paths begin. */
  readonly folder: string;
}

/** A document that is valid, with everything it refers to. */
export interface OpenedDocument {
  readonly name: string;
  readonly source: Source;
  readonly wanted: Wanted;
}

const mostBytes = 8 * 2 ** 20;

/** Throws UsageError DOCUMENT_INVALID, with the place of everything that is wrong. */
export async function openDocument(
  { name, bytes, folder }: DocumentText,
  world: Omit<ResolveWorld, 'folder'>,
): Promise<OpenedDocument> {
  const source = readSource(decode(name, bytes));
  if (source.faults.length > 0) throw invalidDocument(name, source.faults);
  const checked = checkDocument(source.value);
  if ('problems' in checked) throw invalidDocument(name, placed(source, checked.problems));
  const { wanted, problems } = await resolveDocument(checked.document, { ...world, folder });
  if (problems.length > 0) throw invalidDocument(name, placed(source, problems));
  return { name, source, wanted };
}

/** Whom a document is about: those whom it lists, and with `prune` everybody else too. */
export function subjectsOf(
  { wanted: { users, groups } }: OpenedDocument,
  { prune }: { readonly prune: boolean },
) {
  return (registry: Registry) => {
    const others = prune ? listUsers(registry) : [];
    const otherGroups = prune ? listGroups(registry) : [];
    return {
      users: [...new Set([...users.keys(), ...others.map(({ name }) => name)])],
      groups: [...new Set([...groups.keys(), ...otherGroups.map(({ name }) => name)])],
    };
  };
}

function decode(name: string, bytes: Uint8Array): string {
  const wrong = (message: string, line = 1) =>
    invalidDocument(name, [{ line, column: 1, path: [], message }]);
  if (bytes.length > mostBytes) throw wrong(`it has more than ${mostBytes} bytes`);
  if (!isUtf8(bytes)) throw wrong('it is not UTF-8 text', firstForeignLine(bytes));
  return new TextDecoder().decode(bytes);
}

/** From 1. A line end is no part of any longer character, so that lines can be told apart before. */
function firstForeignLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(10, start);
    const next = end === -1 ? bytes.length : end + 1;
    if (!isUtf8(bytes.subarray(start, next))) break;
    start = next;
  }
  return line;
}
