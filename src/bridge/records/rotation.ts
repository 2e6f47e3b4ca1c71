import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { auditFiles, currentFile, rotatedName } from '../../records/files.ts';
import type { AuditBounds } from '../config.ts';

/** Puts the current file, whose first line is of that time in ms, with the old ones. */
export function rotate(folder: string, since: number): void {
  const names = readdirSync(folder);
  renameSync(join(folder, currentFile), join(folder, rotatedName(since, names)));
}

/** Removes the oldest of the old files, as far as they are too many. Throws, behind the others, for one that stays. */
export function prune(folder: string, bounds: AuditBounds): void {
  const old = auditFiles(readdirSync(folder)).filter((name) => name !== currentFile);
  const failures: unknown[] = [];
  let left = bounds.totalBytes;
  for (const [age, name] of old.toReversed().entries()) {
    const file = join(folder, name);
    left -= statSync(file).size;
    if (left >= 0 && age < bounds.files) continue;
    try {
      rmSync(file);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
