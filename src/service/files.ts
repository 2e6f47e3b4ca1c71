import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Place } from './place.ts';
import { headingOf, type Unit } from './units.ts';

/** How the file of a unit compares with what it should be; `foreign`: somebody else wrote it. */
export type FileState = 'same' | 'different' | 'missing' | 'foreign';

export interface UnitOnDisk {
  readonly unit: Unit;
  readonly path: string;
  readonly file: FileState;
}

export function lookAtUnits({ folder, home, units }: Place): readonly UnitOnDisk[] {
  return units.map((unit) => {
    const path = join(folder, unit.name);
    return { unit, path, file: compare(unit, read(path), home) };
  });
}

/** Puts a unit in its place in one step: systemd reads the old one or the new one. */
export function writeUnit({ path, unit }: UnitOnDisk): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    // On the disk before it has its name: an empty file there would be taken for somebody else's.
    writeFileSync(draft, unit.text, { flag: 'wx', flush: true });
    chmodSync(draft, 0o644);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Removes what a killed command had begun to write beside the units. */
export function sweepDrafts({ folder, units }: Pick<Place, 'folder' | 'units'>): void {
  if (!existsSync(folder)) return;
  const names = new Set(units.map(({ name }) => name));
  const drafts = readdirSync(folder).filter((name) =>
    names.has(/^(.+)\.[0-9a-f]{12}$/.exec(name)?.[1] ?? ''),
  );
  for (const name of drafts) rmSync(join(folder, name), { force: true });
}

function compare({ text }: Unit, found: string | undefined, home: string): FileState {
  if (found === undefined) return 'missing';
  if (found === text) return 'same';
  return found.startsWith(`# ${headingOf(home)}\n`) ? 'different' : 'foreign';
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
