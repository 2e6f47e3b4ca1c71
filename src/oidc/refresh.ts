import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { McpdError } from '../errors.ts';
import { runtimeFolder } from '../reconcile/desired.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { writeIssuer } from '../secrets/materialise.ts';
import { fetchAndKeep, readIssuerKeys, type IssuerKeys } from './keys.ts';
import { trustedIssuer } from './trust.ts';

export const oidcRefreshResult = z.object({
  changed: z.boolean().describe('the issuer has other keys than before'),
  issuer: z.string().nullable().describe('null: none is trusted'),
  keys: z.int().describe('how many the issuer signs with now'),
  validUntil: z.iso
    .datetime()
    .nullable()
    .describe('its tokens are refused after that, unless keys are fetched again'),
  users: z.array(z.string()).describe('those whose servers accept its tokens'),
  servers: z.int().describe('how many servers were told'),
});

export type OidcRefreshResult = z.infer<typeof oidcRefreshResult>;

/**
 * Fetches the issuer's keys now, and tells all running servers of them and of the settings `oidc.*`.
 * Also when the issuer fails, which it then throws: UnhealthyError.
 */
export async function refreshIssuer(context: Context): Promise<OidcRefreshResult> {
  const { home, config } = context;
  const { issuer, maxAgeHours } = config.oidc;
  if (issuer === '') {
    const told = publishIssuer(context, undefined);
    return { changed: false, issuer: null, keys: 0, validUntil: null, ...told };
  }
  const before = readIssuerKeys(home, issuer);
  try {
    const keys = await fetchAndKeep(context);
    return {
      changed: !isDeepStrictEqual(before?.keys, keys.keys),
      issuer,
      keys: keys.keys.length,
      validUntil: new Date(keys.fetchedAt + maxAgeHours * 3_600_000).toISOString(),
      ...publishIssuer(context, keys),
    };
  } catch (error) {
    if (error instanceof McpdError) publishIssuer(context, before);
    throw error;
  }
}

/** Servers without a run-time folder learn it when they start. */
function publishIssuer(
  { registry, config, home, uid, gid }: Context,
  keys: IssuerKeys | undefined,
): Pick<OidcRefreshResult, 'users' | 'servers'> {
  return registry.transaction(() => {
    const users: string[] = [];
    let servers = 0;
    for (const user of listUsers(registry)) {
      const issuer = trustedIssuer({ oidc: config.oidc, keys, user });
      if (issuer) users.push(user.name);
      for (const { id } of listServers(registry, user.id)) {
        const folder = runtimeFolder(home, registry.instance, id);
        if (writeIssuer(folder, issuer, { uid, gid })) servers += 1;
      }
    }
    return { users, servers };
  });
}
