import { readFileSync } from 'node:fs';

/** What a file of `/proc` or of a cgroup says; empty where it is not there, or no longer. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
