import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LiveTokens } from '../bridge/live-tokens.ts';
import type { Material } from './materialise.ts';

/** What a server's run-time folder should hold; of secrets the names only, since to know values costs. */
export interface ExpectedMaterial extends Omit<Material, 'secrets' | 'owner'> {
  readonly secrets: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Names of a server's run-time files that are not what they should be. Changes nothing. */
export function staleFiles(folder: string, expected: ExpectedMaterial): readonly string[] {
  const { config, tokens, policy, issuer, secrets, now } = expected;
  const present = (name: string) => readIfThere(join(folder, name));
  const isSame = (name: string, value: unknown) =>
    present(name) === (value === undefined ? undefined : JSON.stringify(value));
  const checks = [
    ['bridge.json', isSame('bridge.json', config)],
    ['policy.json', isSame('policy.json', policy)],
    ['issuer.json', isSame('issuer.json', issuer)],
    ['tokens.json', isSameTokens(present('tokens.json'), { tokens, now })],
    ['secrets', namesIn(join(folder, 'secrets')) === secrets.toSorted().join()],
  ] as const;
  return checks.filter(([, isCurrent]) => !isCurrent).map(([name]) => name);
}

/** Bridges end tokens by themselves: one whose time came since may still be in the file. */
function isSameTokens(
  text: string | undefined,
  { tokens, now }: { tokens: LiveTokens; now: number },
): boolean {
  const file = text === undefined ? undefined : parse(text);
  if (file === undefined) return false;
  const { live, until } = file;
  const isLive = (id: string) => (until[id] ?? Infinity) > now;
  const left = {
    live: live.filter(isLive),
    until: Object.fromEntries(Object.entries(until).filter(([id]) => isLive(id))),
  };
  return JSON.stringify(left) === JSON.stringify(tokens);
}

function parse(text: string): LiveTokens | undefined {
  try {
    return JSON.parse(text) as LiveTokens;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string | undefined {
  try {
    return readdirSync(folder).toSorted().join();
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
