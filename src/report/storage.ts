import type { StorageUsage } from '../storage/usage.ts';
import type { Figures } from './result.ts';

/** By name of the user. */
export type Storage = ReadonlyMap<string, StorageUsage>;

type StorageFigures = Pick<Figures, 'storageBytes' | 'storageQuotaBytes'>;

export function storageOf(storage: Storage, userName: string): StorageFigures {
  const one = storage.get(userName);
  return { storageBytes: one?.usedBytes ?? null, storageQuotaBytes: one?.quotaBytes ?? null };
}

/** A sum is of all of them or it is none. */
export function storageOfAll(storage: Storage): StorageFigures {
  const all = [...storage.values()];
  return {
    storageBytes: sum(all.map(({ usedBytes }) => usedBytes)),
    storageQuotaBytes: sum(all.map(({ quotaBytes }) => quotaBytes)),
  };
}

function sum(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  return values.reduce((all, value) => (all === null || value === null ? null : all + value));
}
