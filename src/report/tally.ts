import { addCounters, type UsageHour, type UsageSum } from '../records/usage.ts';
import { addUsage, emptySums, mergeSums, type Sums } from './sums.ts';

/** What is added up, by hour, by server and by tool; everything else is merged from these. */
export class Tally {
  /** By whole hours since the epoch. */
  readonly hours = new Map<number, Sums>();
  /** By `user/server`. */
  readonly servers = new Map<string, Sums>();
  /** By `tools/call:NAME`, or the method. Only what came with counters; its resources stay zero. */
  readonly tools = new Map<string, Sums>();

  /** One hour of one server. */
  add(key: string, usage: UsageSum): void {
    addUsage(entry(this.hours, usage.hour), usage);
    addUsage(entry(this.servers, key), usage);
  }

  /** The same hour's tools. */
  addTools({ counters }: UsageHour): void {
    for (const [name, one] of counters) addCounters(entry(this.tools, name).counters, one);
  }

  /** By user. */
  get users(): Map<string, Sums> {
    return this.#merged(this.servers, (key) => key.slice(0, key.indexOf('/')));
  }

  /** By UTC day, as whole days since the epoch. */
  get days(): Map<number, Sums> {
    return this.#merged(this.hours, (hour) => Math.floor(hour / 24));
  }

  get total(): Sums {
    return mergeSums(this.servers.values());
  }

  #merged<From, To>(groups: ReadonlyMap<From, Sums>, toKey: (key: From) => To): Map<To, Sums> {
    const parts = Map.groupBy(groups, ([key]) => toKey(key));
    return new Map(
      [...parts].map(([key, part]) => [key, mergeSums(part.map(([, sums]) => sums))] as const),
    );
  }
}

function entry<Key>(groups: Map<Key, Sums>, key: Key): Sums {
  let found = groups.get(key);
  if (found === undefined) groups.set(key, (found = emptySums()));
  return found;
}
