import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { auditFiles, currentFile, rotatedName } from '../../records/files.ts';
import type { AuditBounds } from '../config.ts';

/** Puts the current file with the old ones, and removes the oldest that are too many. */
export function rotate(folder: string, since: number, bounds: AuditBounds): void {
  const names = readdirSync(folder);
  renameSync(join(folder, currentFile), join(folder, rotatedName(since, names)));
  let left = bounds.totalBytes;
  for (const [age, name] of auditFiles(readdirSync(folder)).toReversed().entries()) {
    const file = join(folder, name);
    left -= statSync(file).size;
    if (left < 0 || age >= bounds.files) rmSync(file);
  }
}
