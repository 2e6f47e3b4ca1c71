import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const chunkBytes = 2 ** 16;
/** Files are renamed once a day or so; what is different so often in a row does not come to rest. */
const attempts = 10;

/** Names of the files in a folder that hold audit, oldest first. */
export type Select = (names: readonly string[]) => string[];

/** A file of an audit. It can be read to its end also when it is renamed or removed meanwhile. */
export class AuditFile {
  readonly name: string;
  readonly #handle: FileHandle;
  /** Of a line whose end is not there yet. */
  #text = '';
  #at = 0;

  constructor(name: string, handle: FileHandle) {
    this.name = name;
    this.#handle = handle;
  }

  /** The whole lines that it has and that were not read yet. */
  async *lines(): AsyncGenerator<string> {
    const chunk = Buffer.alloc(chunkBytes);
    // As latin1, a character of several bytes may lie across two chunks.
    for (;;) {
      const { bytesRead } = await this.#handle.read(chunk, 0, chunkBytes, this.#at);
      if (bytesRead === 0) return;
      this.#at += bytesRead;
      const lines = (this.#text + chunk.toString('latin1', 0, bytesRead)).split('\n');
      this.#text = lines.pop() ?? '';
      for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8');
    }
  }

  /** Whether it is what stands at a path. */
  async isAt(path: string): Promise<boolean> {
    const there = await stat(path).catch(() => undefined);
    return there?.ino === (await this.#handle.stat()).ino;
  }

  async isSameAs(other: AuditFile): Promise<boolean> {
    return (await this.#handle.stat()).ino === (await other.#handle.stat()).ino;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The files of an audit as they are at one moment, oldest first; of a folder that isn't there none. */
export async function openFiles(folder: string, select: Select): Promise<AuditFile[]> {
  for (let attempt = 1; ; attempt += 1) {
    const names = select(await namesIn(folder));
    const files = await openAll(folder, names);
    // Where one was renamed or removed meanwhile, what was opened may have a gap.
    const isWhole = files.length === names.length;
    const isStill = isWhole && select(await namesIn(folder)).join() === names.join();
    if (isStill || attempt === attempts) return files;
    await closeFiles(files);
  }
}

export async function closeFiles(files: readonly AuditFile[]): Promise<void> {
  for (const file of files) await file.close();
}

/** Those of the files that are there. */
async function openAll(folder: string, names: readonly string[]): Promise<AuditFile[]> {
  const files: AuditFile[] = [];
  for (const name of names) {
    try {
      files.push(new AuditFile(name, await open(join(folder, name), 'r')));
    } catch (error) {
      if (isMissing(error)) continue;
      await closeFiles(files);
      throw error;
    }
  }
  return files;
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
