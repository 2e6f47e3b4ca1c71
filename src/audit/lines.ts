import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const chunkBytes = 2 ** 16;
const pollMs = 250;

/** Names of the files in a folder that hold audit, oldest first. */
export type Select = (names: readonly string[]) => string[];

/** The whole lines of audit files, oldest first; of a folder that isn't there none. */
export async function* pastLines(folder: string, select: Select): AsyncGenerator<string> {
  for (const name of select(await namesIn(folder))) {
    await using file = await openIfThere(join(folder, name));
    if (file) yield* linesFrom(file, { text: '', at: 0 });
  }
}

interface Follow {
  /** The file that is appended to. */
  readonly current: string;
  readonly signal: AbortSignal;
}

/**
 * The same, and then lines as they are written. A file that is renamed meanwhile is read to its end; a
 * folder that isn't there yet is waited for.
 */
export async function* followedLines(
  folder: string,
  select: Select,
  { current, signal }: Follow,
): AsyncGenerator<string> {
  const path = join(folder, current);
  yield* pastLines(folder, (names) => select(names).filter((name) => name !== current));
  while (!signal.aborted) {
    await using file = await openIfThere(path);
    if (file) yield* untilRenamed(path, file, signal);
    else await pause(signal);
  }
}

async function* untilRenamed(
  path: string,
  file: FileHandle,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const place = { text: '', at: 0 };
  while (!signal.aborted) {
    const isOver = !(await isStill(path, file));
    yield* linesFrom(file, place);
    if (isOver) return;
    await pause(signal);
  }
}

interface Place {
  /** Of a line whose end is not there yet. */
  text: string;
  at: number;
}

async function* linesFrom(file: FileHandle, place: Place): AsyncGenerator<string> {
  const chunk = Buffer.alloc(chunkBytes);
  // As latin1, a character of several bytes may lie across two chunks.
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, place.at);
    if (bytesRead === 0) return;
    place.at += bytesRead;
    const lines = (place.text + chunk.toString('latin1', 0, bytesRead)).split('\n');
    place.text = lines.pop() ?? '';
    for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8');
  }
}

async function isStill(path: string, file: FileHandle): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there?.ino === (await file.stat()).ino;
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(pollMs, undefined, { signal }).catch(() => undefined);
}
