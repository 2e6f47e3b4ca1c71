import type { Stats } from 'node:fs';

/** What tells files apart. */
export type FileFacts = Pick<Stats, 'ino' | 'nlink' | 'birthtimeMs'>;

/** Files that were met and have more names than one. */
export class FirstNames {
  readonly #paths = new Map<string, string>();

  /** The name that a file was first met by; undefined when that is now. */
  of({ ino, nlink, birthtimeMs }: FileFacts, path: string): string | undefined {
    if (nlink < 2) return undefined;
    // A number alone says little: once a file is gone the next one may get its number.
    const key = `${ino} ${birthtimeMs}`;
    const first = this.#paths.get(key);
    if (first === undefined) this.#paths.set(key, path);
    return first;
  }
}
