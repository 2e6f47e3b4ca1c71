import { createReadStream } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { normalize } from 'node:path/posix';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { UsageError } from '../errors.ts';
import type { Entry } from './entries.ts';

/** Files of a local package folder, under `prefix`; without what is installed, versioned or private. */
export async function folderEntries(folder: string, prefix: string): Promise<Entry[]> {
  const members = await readdir(folder, { withFileTypes: true });
  const entries = await Promise.all(
    members
      .filter(({ name }) => !isLeftOut(name))
      .map(async (member): Promise<Entry[]> => {
        const source = join(folder, member.name);
        const path = `${prefix}/${member.name}`;
        if (member.isDirectory()) return folderEntries(source, path);
        if (member.isSymbolicLink())
          return [{ type: 'link', path, target: await readlink(source) }];
        if (!member.isFile()) return [];
        const { mode } = await stat(source);
        return [{ type: 'copy', path, source, mode: plainMode(mode) }];
      }),
  );
  return entries.flat();
}

/** Files of an `npm pack` tarball, under `prefix`. Throws UsageError when it isn't one. */
export async function tarballEntries(file: string, prefix: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const unpacked = extract();
  const reading = (async () => {
    for await (const member of unpacked as AsyncIterable<Readable & { header: Header }>) {
      const content = await buffer(member);
      const path = memberPath(member.header.name);
      if (member.header.type === 'file' && path !== undefined) {
        const mode = plainMode(member.header.mode ?? 0);
        entries.push({ type: 'file', path: `${prefix}/${path}`, content, mode });
      }
    }
  })();
  try {
    await Promise.all([pipeline(createReadStream(file), createGunzip(), unpacked), reading]);
  } catch (cause) {
    throw notAPackage(file, cause);
  }
  if (!entries.some(({ path }) => path === `${prefix}/package.json`)) throw notAPackage(file);
  return entries;
}

// .npmrc and .env files hold tokens.
function isLeftOut(name: string): boolean {
  return ['node_modules', '.git', '.npmrc'].includes(name) || /^\.env(\.|$)/.test(name);
}

/** npm drops the first part, which is `package` by custom only. */
function memberPath(name: string): string | undefined {
  const path = normalize(name.replace(/^[^/]*\//, ''));
  return path.startsWith('..') || path.startsWith('/') ? undefined : path;
}

function plainMode(mode: number): number {
  return mode & 0o100 ? 0o755 : 0o644;
}

function notAPackage(file: string, cause?: unknown): UsageError {
  return new UsageError(`${file} is not an npm package.`, {
    code: 'TEMPLATE_INVALID',
    suggestions: ['npm pack makes one from a package folder'],
    cause,
  });
}
