import { mkdir } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { bridgePolicyOf } from '../policy/of-user.ts';
import type { TrustedIssuer } from '../policy/trusted-issuer.ts';
import { keepBridge } from '../registry/bridges.ts';
import type { User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { makeRuntimeFolder, materialise } from '../secrets/materialise.ts';
import { staleFiles } from '../secrets/stale.ts';
import { listSecrets, openSecrets } from '../secrets/vault.ts';
import { serverLiveTokens } from '../tokens/live.ts';
import { liveTokens } from '../tokens/store.ts';
import { logFolder, runtimeFolder, userFolder, type ServerInputs } from './desired.ts';

interface Owned {
  readonly user: User;
  readonly issuer: TrustedIssuer | undefined;
}

/** What of a server's inputs its run-time material is made from. */
type Source = Pick<ServerInputs, 'server' | 'template' | 'bridge' | 'unmounted'>;

/**
 * Writes what one server's container mounts; gives the names of the files that were not as they should be.
 * Throws ConflictError when the user lacks a secret.
 */
export async function writeRuntime(
  context: Context,
  { user, issuer }: Owned,
  source: Source,
): Promise<readonly string[]> {
  const { home, registry } = context;
  const { server, template, bridge } = source;
  const secrets = await openSecrets(context, { user, secrets: template.secrets });
  await mkdir(logFolder(home, user.id, server.id), { recursive: true, mode: 0o700 });
  const owner = { uid: context.uid, gid: context.gid };
  makeRuntimeFolder(userFolder(home, registry.instance, user.id), owner);
  // One transaction, so that neither a token revoked nor a policy changed meanwhile comes back.
  return registry.transaction(() => {
    const owned = { user: getUserById(registry, user.id), issuer };
    const before = staleRuntime(context, owned, source);
    materialise(runtimeFolder(home, registry.instance, server.id), {
      ...material(context, owned, source),
      secrets,
      owner,
    });
    keepBridge(registry, server.id, bridge);
    return before;
  });
}

/** Names of those files that are not as they should be; none where they are missing altogether. Changes nothing. */
export function staleRuntime(context: Context, owned: Owned, source: Source): readonly string[] {
  if (source.unmounted) return [];
  const { home, registry, clock } = context;
  const { server, template } = source;
  const declared = new Set(template.secrets.map(({ name }) => name));
  return staleFiles(runtimeFolder(home, registry.instance, server.id), {
    ...material(context, owned, source),
    secrets: listSecrets(registry, owned.user.id)
      .map(({ name }) => name)
      .filter((name) => declared.has(name)),
    now: clock.now(),
  });
}

function material({ registry, config }: Context, { user, issuer }: Owned, source: Source) {
  const { server, bridge } = source;
  return {
    config: bridge,
    tokens: serverLiveTokens(server, liveTokens(registry, user.id)),
    policy: bridgePolicyOf(config, user, server.name),
    issuer,
  };
}
