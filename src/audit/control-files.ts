export const controlFile = 'control.jsonl';

const rotated = /^control-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.jsonl$/;

/** Of the names in a folder those of files with commands, oldest first. */
export function controlFiles(names: readonly string[]): string[] {
  const old = names.filter((name) => rotated.test(name)).toSorted();
  return names.includes(controlFile) ? [...old, controlFile] : old;
}
