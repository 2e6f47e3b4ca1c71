import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { closeFiles, openFiles, type AuditFile, type Select } from './files.ts';

const pollMs = 250;

interface Kind {
  readonly select: Select;
  /** The file that is appended to. */
  readonly current: string;
}

/** The whole lines of an audit, each once, however its files are renamed and removed meanwhile. */
export interface Lines extends AsyncDisposable {
  /** What there is, oldest first; of a folder that isn't there nothing. */
  past(): AsyncGenerator<string>;
  /** What follows on that, as it is written; a folder that isn't there yet is waited for. */
  news(signal: AbortSignal): AsyncGenerator<string>;
}

/** Opens the files of an audit as they are now. */
export async function openLines(folder: string, { select, current }: Kind): Promise<Lines> {
  let files = await openFiles(folder, select);

  /** Goes on to the files that follow on those; false when there are none. */
  const turn = async (): Promise<boolean> => {
    const found = await openFiles(folder, select);
    // As long as it is open no other file has its inode.
    const at = await indexOf(found, files.at(-1));
    await closeFiles(found.splice(0, at + 1));
    if (found.length === 0) return false;
    await closeFiles(files);
    files = found;
    return true;
  };

  async function* past(): AsyncGenerator<string> {
    for (const file of files) yield* file.lines();
  }

  async function* news(signal: AbortSignal): AsyncGenerator<string> {
    while (!signal.aborted) {
      for (const file of files) {
        while (!signal.aborted) {
          // Asked first: what was written before it was renamed is read then.
          const isOver = !(await file.isAt(join(folder, current)));
          yield* file.lines();
          if (isOver) break;
          await pause(signal);
        }
      }
      if (!signal.aborted && !(await turn())) await pause(signal);
    }
  }

  return { past, news, [Symbol.asyncDispose]: () => closeFiles(files) };
}

/** -1 where it is not among them. */
async function indexOf(
  files: readonly AuditFile[],
  wanted: AuditFile | undefined,
): Promise<number> {
  for (const [index, file] of files.entries())
    if (wanted && (await file.isSameAs(wanted))) return index;
  return -1;
}

async function pause(signal: AbortSignal): Promise<void> {
  await delay(pollMs, undefined, { signal }).catch(() => undefined);
}
