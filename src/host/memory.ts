import { totalmem } from 'node:os';

/** Bytes of memory that this host has. */
export function hostMemory(): number {
  return totalmem();
}
