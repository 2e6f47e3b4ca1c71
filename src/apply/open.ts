import { UsageError } from '../errors.ts';
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
  if (bytes.length > mostBytes) throw unreadable(name, `it has more than ${mostBytes} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(name, 'it is not UTF-8 text');
  }
}

function unreadable(name: string, reason: string): UsageError {
  return new UsageError(`${name} can’t be applied: ${reason}.`, { code: 'DOCUMENT_INVALID' });
}
