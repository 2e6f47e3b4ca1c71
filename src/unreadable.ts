/** Why a file can't be read, in words: a clause. */
export function whyUnreadable(error: unknown): string {
  const { code = 'for a reason that the system did not say' } = error as NodeJS.ErrnoException;
  return reasons.get(code) ?? code;
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'you may not'],
  ['EPERM', 'you may not'],
  ['EISDIR', 'it is a folder'],
]);
