import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { currentImage } from '../image/current.ts';
import { freshIssuerKeys } from '../oidc/keys.ts';
import { trustedIssuer } from '../oidc/trust.ts';
import { bridgePolicyOf, policyOf } from '../policy/of-user.ts';
import type { TrustedIssuer } from '../policy/trusted-issuer.ts';
import type { Server, User } from '../registry/rows.ts';
import { getUserById } from '../registry/users.ts';
import { makeSharedFolder, materialise } from '../secrets/materialise.ts';
import { openSecrets } from '../secrets/vault.ts';
import { findTemplate } from '../templates/catalog.ts';
import { expandCommand } from '../templates/program.ts';
import type { Template } from '../templates/schema.ts';
import { loadTokenKeys } from '../tokens/keys.ts';
import { serverLiveTokens } from '../tokens/live.ts';
import { liveTokens } from '../tokens/store.ts';
import { bridgeConfig } from './bridge-config.ts';
import { logFolder, runtimeFolder, userFolder, type ServerInputs } from './desired.ts';

/** Image id of a template; for `plan`, one that stands for an image still to be built. */
type ImageOf = (template: Template) => Promise<string>;

/** Builds what is missing and writes each server's run-time material, so that its container can start. */
export async function prepareServers(
  context: Context,
  engine: Engine,
  user: User,
  servers: readonly Server[],
): Promise<readonly ServerInputs[]> {
  const [inputs, keys] = await Promise.all([
    gatherInputs(context, user, servers, (template) => buildImage(context, engine, template)),
    freshIssuerKeys(context),
  ]);
  const issuer = trustedIssuer({ oidc: context.config.oidc, keys, user });
  await Promise.all(inputs.map((input) => writeRuntime(context, { user, issuer }, input)));
  return inputs;
}

/** The same inputs without building or writing anything. */
export function previewServers(
  context: Context,
  engine: Engine,
  user: User,
  servers: readonly Server[],
): Promise<readonly ServerInputs[]> {
  return gatherInputs(
    context,
    user,
    servers,
    async (template) =>
      (await currentImage(imageRequest(context, engine, template))) ?? 'to be built',
  );
}

async function gatherInputs(
  context: Context,
  user: User,
  servers: readonly Server[],
  imageOf: ImageOf,
): Promise<readonly ServerInputs[]> {
  const { config, registry } = context;
  const { publicJwk: publicKey } = await loadTokenKeys(context.home);
  const images = new Map<string, Promise<string>>();
  return Promise.all(
    servers.map(async (server) => {
      const template = await findTemplate(server.template, context.assets);
      const building = images.get(server.template) ?? imageOf(template);
      images.set(server.template, building);
      const image = await building;
      const bridge = bridgeConfig({
        user,
        server,
        template,
        program: expandCommand(template),
        image,
        policy: policyOf(config, user, template),
        config,
        instance: registry.instance,
        publicKey,
        privileged: context.uid === 0,
      });
      const folder = runtimeFolder(context.home, registry.instance, server.id);
      const shared = userFolder(context.home, registry.instance, user.id);
      const unmounted = !existsSync(folder) || !existsSync(shared);
      return { server, template, image, bridge, unmounted };
    }),
  );
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

function imageRequest(
  { config, assets, env, progress }: Context,
  engine: Engine,
  template: Template,
) {
  const notice = (line: string) => progress.notice(line);
  return { images: engine.images, template, config, assets: { root: assets }, env, notice };
}

async function writeRuntime(
  context: Context,
  { user, issuer }: { user: User; issuer: TrustedIssuer | undefined },
  { server, template, bridge }: ServerInputs,
): Promise<void> {
  const { home, registry, config } = context;
  const secrets = await openSecrets(context, { user, secrets: template.secrets });
  await mkdir(logFolder(home, user.id, server.id), { recursive: true, mode: 0o700 });
  const owner = { uid: context.uid, gid: context.gid };
  makeSharedFolder(userFolder(home, registry.instance, user.id), owner);
  // One transaction, so that neither a token revoked nor a policy changed meanwhile comes back.
  registry.transaction(() =>
    materialise(runtimeFolder(home, registry.instance, server.id), {
      config: bridge,
      tokens: serverLiveTokens(server, liveTokens(registry, user.id)),
      policy: bridgePolicyOf(config, getUserById(registry, user.id), server.name),
      issuer,
      secrets,
      owner,
    }),
  );
}
