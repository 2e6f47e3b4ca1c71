import { readKeyFile } from '../config/key-file.ts';
import { NotFoundError, RefusedError } from '../errors.ts';

const shortest = 16;

/** The token in a private file. Throws NotFoundError, and RefusedError when others can read it or it is too short. */
export function readTokenFile(path: string): string {
  const token = readKeyFile(path)?.trim();
  if (token === undefined) {
    throw new NotFoundError(`There is no file ${path}.`, {
      code: 'TOKEN_FILE_NOT_FOUND',
      suggestions: [`(umask 077; openssl rand -hex 32 > ${path})`],
    });
  }
  if (token.length >= shortest && !/\s/.test(token)) return token;
  throw new RefusedError(`${path} holds no token of at least ${shortest} characters.`, {
    code: 'WEAK_TOKEN',
    suggestions: [`(umask 077; openssl rand -hex 32 > ${path})`],
  });
}
