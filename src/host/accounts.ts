import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
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
    return (await localAccounts()).find((account) => account.name === name);
  }
}

/**
 * Uids of a range that are somebody's already: of local accounts, or given to accounts for their user
 * namespaces, where the account could act as that uid.
 */
export async function takenUids(range: { start: number; end: number }): Promise<number[]> {
  const accounts = (await localAccounts()).map(({ uid }) => uid);
  const delegated = parseSubordinate(await readOr('/etc/subuid', '')).flatMap(
    ({ start, count }) => {
      const first = Math.max(start, range.start);
      const last = Math.min(start + count - 1, range.end);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    },
  );
  return [...accounts, ...delegated];
}

async function localAccounts(): Promise<Account[]> {
  return parsePasswd(await readOr('/etc/passwd', ''));
}

/** `name:password:uid:gid:…` lines, passwd(5). */
function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** `name:start:count` lines, subuid(5). */
function parseSubordinate(text: string): { start: number; count: number }[] {
  return text.split('\n').flatMap((line) => {
    const [name, start, count] = line.split(':');
    return name && start && count ? [{ start: Number(start), count: Number(count) }] : [];
  });
}

async function readOr(path: string, fallback: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => fallback);
}
