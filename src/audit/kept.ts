import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Beside the audit of commands: folders of removed users, `<name>-<id>`. */
export const removedFolder = 'removed';

/** The same of a home whose backup was restored into one that had an audit already. */
export const restoredFolder = 'restored';

/** What is kept is never replaced: `restored`, `restored.2`, … */
export function freeName(folder: string, name: string, count = 1): string {
  const numbered = count === 1 ? name : `${name}.${count}`;
  return existsSync(join(folder, numbered)) ? freeName(folder, name, count + 1) : numbered;
}

/** Of the names in an audit's folder those of restored ones. */
export function restoredNames(names: readonly string[]): string[] {
  return names.filter((name) => /^restored(\.\d+)?$/.test(name));
}
