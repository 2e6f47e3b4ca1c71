import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { currentImage } from '../image/current.ts';
import { imageRequest } from '../image/request.ts';
import { freshIssuerKeys, type IssuerKeys } from '../oidc/keys.ts';
import { trustedIssuer } from '../oidc/trust.ts';
import { keptBridge } from '../registry/bridges.ts';
import type { Template } from '../templates/schema.ts';
import type { ServerInputs } from './desired.ts';
import { gatherInputs, openSources, type Sources, type Whose } from './inputs.ts';
import { staleRuntime, writeRuntime } from './write-runtime.ts';

/** Builds what is missing and writes each server's run-time material, so that its container can start. */
export async function prepareServers(
  context: Context,
  engine: Engine,
  whose: Whose,
): Promise<readonly ServerInputs[]> {
  const { user } = whose;
  const [inputs, keys] = await Promise.all([
    gatherInputs(context, buildingSources(context, engine), whose),
    freshIssuerKeys(context),
  ]);
  const owned = { user, issuer: trustedIssuer({ oidc: context.config.oidc, keys, user }) };
  return Promise.all(
    inputs.map(async (input) => {
      const bridgeBefore = keptBridge(context.registry, input.server.id);
      return { ...input, bridgeBefore, stale: await writeRuntime(context, owned, input) };
    }),
  );
}

/** The same inputs without building or writing anything. */
export async function previewServers(
  context: Context,
  { sources, keys }: { sources: Sources; keys: IssuerKeys | undefined },
  whose: Whose,
): Promise<readonly ServerInputs[]> {
  const { user } = whose;
  const issuer = trustedIssuer({ oidc: context.config.oidc, keys, user });
  const inputs = await gatherInputs(context, sources, whose);
  const owned = { user, issuer };
  return inputs.map((input) => ({ ...input, stale: staleRuntime(context, owned, input) }));
}

/** Sources that build the images that aren't there. */
export function buildingSources(context: Context, engine: Engine): Sources {
  return openSources(context, engine, (template) => buildImage(context, engine, template));
}

async function buildImage(context: Context, engine: Engine, template: Template): Promise<string> {
  const request = imageRequest(context, engine, template);
  const current = await currentImage(request);
  if (current !== undefined) return current.id;
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
