import { closeSync, constants, fstatSync, openSync, readdirSync } from 'node:fs';
import { heldPath } from '../workspace/held.ts';

/** A folder as it was at one moment; names are latin1, for bytes. */
export interface HeldFiles extends Disposable {
  readonly names: readonly string[];
  /** Of its files, held open. */
  readonly handles: ReadonlyMap<string, number>;
}

/** Records are renamed once a day or so; what changes so often in a row does not come to rest. */
const attempts = 10;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * The files of a folder of records as they are at one moment. They are renamed and removed while they are read,
 * and one that got another name behind its turn, or before it, would be missing, or there twice.
 */
export function holdFiles(folder: number): HeldFiles {
  for (let attempt = 1; ; attempt += 1) {
    const names = namesIn(folder);
    const held = openAll(folder, names);
    if (attempt === attempts || namesIn(folder).join() === names.join()) return held;
    held[Symbol.dispose]();
  }
}

/** In the order of their bytes. */
export function namesIn(folder: number): string[] {
  return readdirSync(heldPath(folder), { encoding: 'latin1' }).toSorted();
}

function openAll(folder: number, names: readonly string[]): HeldFiles {
  const handles = new Map<string, number>();
  for (const name of names) {
    const handle = openIfFile(heldPath(folder, Buffer.from(name, 'latin1')));
    if (handle !== undefined) handles.set(name, handle);
  }
  return {
    names,
    handles,
    [Symbol.dispose]: () => {
      for (const handle of handles.values()) closeSync(handle);
    },
  };
}

/** Undefined for what is no file or can't be opened: its turn says why. */
function openIfFile(path: string | Buffer): number | undefined {
  let handle;
  try {
    // Without waiting, should it be a pipe.
    handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(handle).isFile()) return handle;
  } catch {
    return undefined;
  }
  closeSync(handle);
  return undefined;
}
