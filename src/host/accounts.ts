import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Looks an account up where the host does: files, LDAP, …; undefined when there is none. */
export async function findAccount(name: string): Promise<Account | undefined> {
  try {
    const { stdout } = await promisify(execFile)('getent', ['passwd', '--', name]);
    return parsePasswd(stdout)[0];
  } catch {
    // No getent, or no such account.
    return localAccounts().find((account) => account.name === name);
  }
}

/** Uids from the first to the last, both included. */
export interface UidRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Uids that are somebody's already: of local accounts, or given to accounts for their user namespaces, where
 * the account could act as that uid. The latter are tens of thousands for each.
 */
export function takenUids(etc = '/etc'): UidRange[] {
  const own = localAccounts(etc).map(({ uid }) => ({ first: uid, last: uid }));
  return [...own, ...parseSubordinate(readIfThere(join(etc, 'subuid')))];
}

function localAccounts(etc = '/etc'): Account[] {
  return parsePasswd(readIfThere(join(etc, 'passwd')));
}

/** `name:password:uid:gid:…` lines, passwd(5). */
function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** `name:start:count` lines, subuid(5). */
function parseSubordinate(text: string): UidRange[] {
  return text.split('\n').flatMap((line) => {
    const [name, start, count] = line.split(':');
    if (!name || !start || !count) return [];
    return [{ first: Number(start), last: Number(start) + Number(count) - 1 }];
  });
}

// Small files: another thread would take longer to be woken than to read them.
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
