import { mkdir } from 'node:fs/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { currentImage } from '../image/current.ts';
import { freshIssuerKeys, type IssuerKeys } from '../oidc/keys.ts';
import { trustedIssuer } from '../oidc/trust.ts';
import { bridgePolicyOf } from '../policy/of-user.ts';
import type { TrustedIssuer } from '../policy/trusted-issuer.ts';
import type { Server, User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { makeSharedFolder, materialise } from '../secrets/materialise.ts';
import { staleFiles } from '../secrets/stale.ts';
import { listSecrets, openSecrets } from '../secrets/vault.ts';
import type { Template } from '../templates/schema.ts';
import { serverLiveTokens } from '../tokens/live.ts';
import { liveTokens } from '../tokens/store.ts';
import { logFolder, runtimeFolder, userFolder, type ServerInputs } from './desired.ts';
import { gatherInputs, imageRequest, openSources, type Sources } from './inputs.ts';

/** A server's inputs before its run-time folder has been looked at. */
type Unseen = Omit<ServerInputs, 'stale'>;

interface Owned {
  readonly user: User;
  readonly issuer: TrustedIssuer | undefined;
}

/** Builds what is missing and writes each server's run-time material, so that its container can start. */
export async function prepareServers(
  context: Context,
  engine: Engine,
  user: User,
  servers: readonly Server[],
): Promise<readonly ServerInputs[]> {
  const sources = openSources(context, (template) => buildImage(context, engine, template));
  const [inputs, keys] = await Promise.all([
    gatherInputs(context, sources, user, servers),
    freshIssuerKeys(context),
  ]);
  const owned = { user, issuer: trustedIssuer({ oidc: context.config.oidc, keys, user }) };
  return Promise.all(inputs.map((input) => writeRuntime(context, owned, input)));
}

/** The same inputs without building or writing anything. */
export async function previewServers(
  context: Context,
  { sources, keys }: { sources: Sources; keys: IssuerKeys | undefined },
  user: User,
  servers: readonly Server[],
): Promise<readonly ServerInputs[]> {
  const issuer = trustedIssuer({ oidc: context.config.oidc, keys, user });
  const inputs = await gatherInputs(context, sources, user, servers);
  return inputs.map((input) => ({ ...input, stale: stale(context, { user, issuer }, input) }));
}

async function buildImage(context: Context, engine: Engine, template: Template): Promise<string> {
  const request = imageRequest(context, engine, template);
  const current = await currentImage(request);
  if (current !== undefined) return current;
  let id = '';
  await context.progress.steps([
    {
      title: `image.build ${template.name}`,
      run: async (update) => {
        // Loaded only here: hardly ever is there an image to build.
        const { ensureImage } = await import('../image/build.ts');
        ({ id } = await ensureImage({ ...request, onLine: update }));
      },
    },
  ]);
  return id;
}

async function writeRuntime(
  context: Context,
  { user, issuer }: Owned,
  input: Unseen,
): Promise<ServerInputs> {
  const { home, registry } = context;
  const { server, template } = input;
  const secrets = await openSecrets(context, { user, secrets: template.secrets });
  await mkdir(logFolder(home, user.id, server.id), { recursive: true, mode: 0o700 });
  const owner = { uid: context.uid, gid: context.gid };
  makeSharedFolder(userFolder(home, registry.instance, user.id), owner);
  // One transaction, so that neither a token revoked nor a policy changed meanwhile comes back.
  return registry.transaction(() => {
    const owned = { user: getUserById(registry, user.id), issuer };
    const before = stale(context, owned, input);
    materialise(runtimeFolder(home, registry.instance, server.id), {
      ...material(context, owned, input),
      secrets,
      owner,
    });
    return { ...input, stale: before };
  });
}

function stale(context: Context, owned: Owned, input: Unseen): readonly string[] {
  if (input.unmounted) return [];
  const { home, registry, clock } = context;
  const { server, template } = input;
  const declared = new Set(template.secrets.map(({ name }) => name));
  return staleFiles(runtimeFolder(home, registry.instance, server.id), {
    ...material(context, owned, input),
    secrets: listSecrets(registry, owned.user.id)
      .map(({ name }) => name)
      .filter((name) => declared.has(name)),
    now: clock.now(),
  });
}

function material({ registry, config }: Context, { user, issuer }: Owned, input: Unseen) {
  const { server, bridge } = input;
  return {
    config: bridge,
    tokens: serverLiveTokens(server, liveTokens(registry, user.id)),
    policy: bridgePolicyOf(config, user, server.name),
    issuer,
  };
}
