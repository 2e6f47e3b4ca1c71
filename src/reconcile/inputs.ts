import { existsSync } from 'node:fs';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { currentImage } from '../image/current.ts';
import { policyOf } from '../policy/of-user.ts';
import type { Server, User } from '../registry/rows.ts';
import { findTemplate } from '../templates/catalog.ts';
import { expandCommand } from '../templates/program.ts';
import type { Template } from '../templates/schema.ts';
import { loadTokenKeys } from '../tokens/keys.ts';
import { bridgeConfig } from './bridge-config.ts';
import { runtimeFolder, userFolder, type ServerInputs } from './desired.ts';

/** Templates and their images, each looked up once for however many servers. */
export interface Sources {
  /** By catalog name or folder. */
  template(reference: string): Promise<Template>;
  /** Id of a template's image. */
  image(template: Template): Promise<string>;
}

export function openSources(
  { assets }: Pick<Context, 'assets'>,
  imageOf: (template: Template) => Promise<string>,
): Sources {
  const templates = new Map<string, Promise<Template>>();
  const images = new Map<string, Promise<string>>();
  return {
    template: (reference) => remember(templates, reference, () => findTemplate(reference, assets)),
    image: (template) => remember(images, template.folder, () => imageOf(template)),
  };
}

/** Those of a host where nothing is built: an image that isn't there is "to be built". */
export function previewSources(context: Context, engine: Engine): Sources {
  return openSources(
    context,
    async (template) =>
      (await currentImage(imageRequest(context, engine, template))) ?? 'to be built',
  );
}

/** What a template's image is made from, and where. */
export function imageRequest(
  { config, assets, env, progress }: Context,
  engine: Engine,
  template: Template,
) {
  const notice = (line: string) => progress.notice(line);
  return { images: engine.images, template, config, assets: { root: assets }, env, notice };
}

/** What one user's containers are made from. */
export async function gatherInputs(
  context: Context,
  sources: Sources,
  user: User,
  servers: readonly Server[],
): Promise<readonly Omit<ServerInputs, 'stale'>[]> {
  const { config, registry, home } = context;
  const { publicJwk: publicKey } = await loadTokenKeys(home);
  const { instance } = registry;
  return Promise.all(
    servers.map(async (server) => {
      const template = await sources.template(server.template);
      const image = await sources.image(template);
      const bridge = bridgeConfig({
        user,
        server,
        template,
        program: expandCommand(template),
        image,
        policy: policyOf(config, user, template),
        config,
        instance,
        publicKey,
        privileged: context.uid === 0,
      });
      const folders = [
        runtimeFolder(home, instance, server.id),
        userFolder(home, instance, user.id),
      ];
      const unmounted = !folders.every((folder) => existsSync(folder));
      return { server, template, image, bridge, unmounted };
    }),
  );
}

function remember<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
