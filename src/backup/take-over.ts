import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostConfigSchema } from '../config/schema.ts';
import type { Context } from '../context.ts';
import { ConflictError } from '../errors.ts';
import { findInstance } from '../registry/database.ts';
import { listGroups } from '../registry/groups.ts';
import { listUsers } from '../registry/users.ts';
import { findTokenKey, keepTokenKey } from '../tokens/keys.ts';
import type { Manifest } from './manifest.ts';

/** What a restore makes of the home it is run in. */
export interface Succession {
  /** The home becomes the backup's: same instance, same key. */
  readonly takesOver: boolean;
  /** It is the backup's, before or by that: tokens work. */
  readonly isSameHome: boolean;
  /** The world with what will hold then. */
  readonly context: Context;
  readonly settings: 'restored' | 'kept';
  /** The home of the backup is on this host too, so its uids are somebody's. */
  readonly livesBeside: boolean;
}

/**
 * An empty home takes over from the one that a whole backup was made of, unless that still lives: two
 * homes of one instance would take each other's containers for their own. Changes nothing.
 */
export async function succeed(
  context: Context,
  manifest: Manifest,
  { isWhole }: { readonly isWhole: boolean },
): Promise<Succession> {
  const { home, registry } = context;
  const { identity, instance, tokenKey } = manifest;
  const isSameHome = registry.instance === instance && findTokenKey(home) === tokenKey;
  const livesBeside = isBeside(context, manifest);
  const settings = 'kept';
  const unchanged = { takesOver: false, isSameHome, context, settings, livesBeside } as const;
  if (!identity || !isWhole || isSameHome || isUsed(context, manifest)) return unchanged;
  if (livesBeside || (await hasObjects(context, instance))) return unchanged;
  const isConfigured = existsSync(home.config);
  const config = isConfigured ? context.config : hostConfigSchema.parse(identity.settings);
  return {
    takesOver: true,
    isSameHome: true,
    context: { ...context, config, registry: { ...registry, instance } },
    settings: isConfigured ? 'kept' : 'restored',
    livesBeside,
  };
}

/** Throws ConflictError when somebody began to use the home since it was decided to make it the backup's. */
export function requireUnused(context: Context, manifest: Manifest): void {
  if (!isUsed(context, manifest)) return;
  throw new ConflictError(
    'Another command has begun to use this home meanwhile. Nothing was restored.',
    {
      code: 'HOME_IN_USE',
      suggestions: [
        'Restore into an empty home: MCPD_HOME=DIR mcpd restore …',
        'Or run it again: users are then restored beside those who are here, and need new tokens.',
      ],
    },
  );
}

function isUsed({ registry, home }: Context, { tokenKey }: Manifest): boolean {
  const key = findTokenKey(home);
  const hasOtherKey = key !== undefined && key !== tokenKey;
  return hasOtherKey || listUsers(registry).length > 0 || listGroups(registry).length > 0;
}

/** Writes the key, and the settings where there were none. The instance goes with the rows. */
export async function keepIdentity(
  { home }: Context,
  identity: NonNullable<Manifest['identity']>,
): Promise<void> {
  await keepTokenKey(home, identity.tokenKeyFile);
  if (existsSync(home.config)) return;
  // Half a file would keep every command from beginning. Drafts of this name are swept by `up`.
  const draft = `${home.config}.tmp-${randomBytes(6).toString('hex')}`;
  const text = `${JSON.stringify(identity.settings, null, 2)}\n`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(draft, home.config);
}

/** One whose registry is damaged, or somebody else's to read, may still have containers, and files of its uids. */
function isBeside(context: Context, { instance, home }: Manifest): boolean {
  if (home === context.home.root) return false;
  try {
    return findInstance(join(home, 'registry.db')) === instance;
  } catch {
    return true;
  }
}

async function hasObjects(context: Context, instance: string): Promise<boolean> {
  const engine = await context.engine();
  const { networks, servers } = await engine.observe({ instance });
  return networks.length + servers.length > 0;
}
