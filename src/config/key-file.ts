import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { RefusedError } from '../errors.ts';
import { makeFolder } from './folder.ts';

/** Text of a private key file, or undefined when there is none. Refuses one that others can read. */
export function readKeyFile(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if ((stat.mode & 0o027) !== 0) {
    throw new RefusedError(`The key file ${path} is open to other users.`, {
      code: 'KEY_FILE_EXPOSED',
      suggestions: [`chmod 600 ${path}`, 'Replace the key if others may have read it.'],
    });
  }
  return readFileSync(path, 'utf8');
}

/**
 * Text of a private key file, made (0600, its folder 0700) when there is none. Of several processes
 * that make it at once one wins, and all get the winner's text.
 */
export async function ensureKeyFile(
  path: string,
  make: () => string | Promise<string>,
): Promise<string> {
  const existing = readKeyFile(path);
  if (existing !== undefined) return existing;
  makeFolder(dirname(path), 0o700);
  const text = await make();
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
    // Unlike rename, link never replaces: whoever comes second keeps the first one's key.
    linkSync(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Taken for that of a killed command, and swept away.
    if (code === 'ENOENT') return await ensureKeyFile(path, () => text);
    if (code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readKeyFile(path) ?? text;
}
