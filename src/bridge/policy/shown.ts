import type { Exposure } from '../../policy/bridge-policy.ts';
import { isAllowed } from '../../policy/exposure.ts';

/** One page of a list. */
interface Page {
  readonly names: readonly string[];
  /** The cursor it was asked with; undefined on the first page. */
  readonly cursor: string | undefined;
  /** The cursor of the next page, if there is one. */
  readonly next: string | undefined;
}

const rememberedCursors = 1024;

/**
 * Which names of one kind have been shown, where only so many may be. Each has the place that it came on
 * in the server's order, there are no more places than names may be shown, and a name that comes on a
 * place takes it from the one before. So whoever lists, and in however many pages and at once: never more
 * names are available than may be shown.
 */
export class Shown {
  readonly #places = new Map<number, string>();
  /** How many names were shown on the pages before the one that a cursor leads to. */
  readonly #before = new Map<string, number>();

  /** Which of a page's names are shown. */
  show(exposure: Exposure, { names, cursor, next }: Page): boolean[] {
    const { most } = exposure;
    if (most === null) return names.map((name) => isAllowed(exposure, name));
    const start = cursor === undefined ? 0 : this.#before.get(cursor);
    // Nobody knows how many came before: what has a place has it.
    if (start === undefined) return names.map((name) => this.isAvailable(exposure, name));
    let place = start;
    const shown = names.map((name) => {
      if (place >= most || !isAllowed(exposure, name)) return false;
      this.#places.set(place, name);
      place += 1;
      return true;
    });
    if (next === undefined) this.#forgetFrom(place);
    else this.#remember(next, place);
    return shown;
  }

  isAvailable(exposure: Exposure, name: string): boolean {
    if (!isAllowed(exposure, name)) return false;
    return exposure.most === null || this.some((one) => one === name);
  }

  /** Whether one of the names that were shown is such a one. */
  some(holds: (name: string) => boolean): boolean {
    return [...this.#places.values()].some(holds);
  }

  /** The exposure has changed: what is still allowed stays, as far as there are places. */
  change(exposure: Exposure): void {
    const kept = [...this.#places.values()].filter((name) => isAllowed(exposure, name));
    this.#places.clear();
    this.#before.clear();
    const most = exposure.most ?? 0;
    for (const [place, name] of kept.slice(0, most).entries()) this.#places.set(place, name);
  }

  #forgetFrom(end: number): void {
    for (const place of this.#places.keys()) if (place >= end) this.#places.delete(place);
  }

  #remember(cursor: string, count: number): void {
    this.#before.delete(cursor);
    this.#before.set(cursor, count);
    const [oldest] = this.#before.keys();
    if (this.#before.size > rememberedCursors && oldest !== undefined) this.#before.delete(oldest);
  }
}
