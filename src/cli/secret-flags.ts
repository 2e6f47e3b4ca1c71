import { UsageError } from '../errors.ts';
import { readSecretValue } from '../secrets/value.ts';
import { readValue, type ValueSource } from './read-value.ts';

/**
 * Reads `NAME=@file` and `NAME=@-`. A value on the command line is refused: every process of the host
 * could read it there.
 */
export async function readSecretFlags(
  texts: readonly string[],
  world: Pick<ValueSource, 'signal' | 'stdin'>,
): Promise<ReadonlyMap<string, string>> {
  const secrets = new Map<string, string>();
  for (const [name, from] of referencesIn(texts)) {
    secrets.set(name, readSecretValue(name, await readValue({ ...world, from, label: name })));
  }
  return secrets;
}

function referencesIn(texts: readonly string[]): ReadonlyMap<string, string> {
  const references = new Map<string, string>();
  for (const text of texts) {
    const [, name, from] = /^([A-Z][A-Z0-9_]{0,63})=(@.+)$/.exec(text) ?? [];
    if (name === undefined || from === undefined) throw notAReference(text);
    if (references.has(name)) throw givenTwice(name);
    references.set(name, from);
  }
  return references;
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
