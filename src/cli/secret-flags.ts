import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from '../errors.ts';

/**
 * Reads `NAME=@file` and `NAME=@-`. A value on the command line is refused: every process of the host
 * could read it there.
 */
export async function readSecretFlags(
  texts: readonly string[],
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const text of texts) {
    const match = /^([A-Z][A-Z0-9_]{0,63})=@(.+)$/.exec(text);
    if (!match?.[1] || !match[2]) throw notAReference(text);
    if (secrets.has(match[1])) throw givenTwice(match[1]);
    secrets.set(match[1], await readReference(match[2], stdin));
  }
  return secrets;
}

async function readReference(path: string, stdin: NodeJS.ReadableStream): Promise<string> {
  try {
    const bytes = path === '-' ? await buffer(stdin) : await readFile(path);
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`The secret's file ${path} can't be read.`, {
      code: 'SECRET_FILE',
      suggestions: ['name a file that you can read, or - for stdin'],
      cause: error,
    });
  }
}

function notAReference(text: string): UsageError {
  // Only the name is repeated: what follows "=" may be a secret.
  const name = /^[A-Z][A-Z0-9_]*(?==)/.exec(text)?.[0] ?? 'NAME';
  return new UsageError('--secret takes NAME=@FILE, never the value itself.', {
    code: 'USAGE',
    suggestions: [`--secret ${name}=@/path/to/file`, `--secret ${name}=@-, to read it from stdin`],
  });
}

function givenTwice(name: string): UsageError {
  return new UsageError(`--secret ${name} is given twice.`, { code: 'USAGE' });
}
