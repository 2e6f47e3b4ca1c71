import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ensureHome } from '../config/folder.ts';
import type { Home } from '../config/home.ts';
import type { Context } from '../context.ts';
import { McpdError } from '../errors.ts';
import { replaceFile } from '../secrets/private-folder.ts';
import { fetchIssuerKeys } from './fetch-keys.ts';

const content = z.object({
  issuer: z.string(),
  /** Milliseconds since the epoch. */
  fetchedAt: z.number(),
  /** Of the latest attempt, whether it succeeded or not. */
  triedAt: z.number(),
  keys: z.array(z.looseObject({ kty: z.string() })),
});

/** What is known of the issuer, kept in the home: `issuer-keys.json`. */
export type IssuerKeys = z.infer<typeof content>;

type World = Pick<Context, 'home' | 'registry' | 'config' | 'clock' | 'uid' | 'gid' | 'signal'>;

const file = 'issuer-keys.json';
const freshMs = 60 * 60_000;
/** A dead issuer costs the commands of one minute its timeout once. */
const cooldownMs = 60_000;

/**
 * The issuer's keys, fetched where those at hand are older than an hour; undefined where no issuer is
 * trusted or none of its keys were ever seen. An issuer that fails is only reported: its last keys go on.
 */
export async function freshIssuerKeys(
  context: World & Pick<Context, 'progress'>,
): Promise<IssuerKeys | undefined> {
  const { issuer } = context.config.oidc;
  if (issuer === '') return undefined;
  const known = readIssuerKeys(context.home, issuer);
  const now = context.clock.now();
  const since = (time: number | undefined): number => Math.abs(now - (time ?? -Infinity));
  if (since(known?.fetchedAt) < freshMs || since(known?.triedAt) < cooldownMs) return usable(known);
  try {
    return await fetchAndKeep(context);
  } catch (error) {
    if (!(error instanceof McpdError)) throw error;
    context.progress.notice(`${error.message} Its tokens are checked with the keys of before.`);
    return usable(known);
  }
}

/** Fetches the issuer's keys and keeps them. Throws what fetchIssuerKeys throws; the last ones stay then. */
export async function fetchAndKeep(context: World): Promise<IssuerKeys> {
  const { home, config, clock, signal } = context;
  const { issuer } = config.oidc;
  const now = clock.now();
  try {
    const keys = await fetchIssuerKeys(issuer, signal);
    const fetched = { issuer, fetchedAt: now, triedAt: now, keys };
    keep(context, fetched);
    return content.parse(fetched);
  } catch (error) {
    const known = readIssuerKeys(home, issuer) ?? { issuer, fetchedAt: 0, keys: [] };
    if (error instanceof McpdError) keep(context, { ...known, triedAt: now });
    throw error;
  }
}

/** What was kept of this issuer. */
export function readIssuerKeys(home: Home, issuer: string): IssuerKeys | undefined {
  try {
    const kept = content.parse(JSON.parse(readFileSync(join(home.root, file), 'utf8')));
    return kept.issuer === issuer ? kept : undefined;
  } catch {
    // Missing, or damaged: it is fetched again.
    return undefined;
  }
}

function usable(known: IssuerKeys | undefined): IssuerKeys | undefined {
  return known && known.keys.length > 0 ? known : undefined;
}

// Under the write lock, so that `up` can tell a draft that is being written from one that was left.
function keep({ home, registry, uid, gid }: World, keys: z.input<typeof content>): void {
  ensureHome(home);
  const text = JSON.stringify(keys);
  registry.transaction(() =>
    replaceFile({ folder: home.root, name: file, content: text, owner: { uid, gid } }),
  );
}
