import { existsSync } from 'node:fs';
import type { HostConfig } from '../config/schema.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { currentImage } from '../image/current.ts';
import { imageRequest } from '../image/request.ts';
import { limitsWithin, type Limits } from '../policy/limits.ts';
import { limitsOf, policyOf } from '../policy/of-user.ts';
import type { Server, User } from '../registry/rows.ts';
import { keptVersion, unbuilt, type Version } from '../registry/versions.ts';
import { findTemplate } from '../templates/catalog.ts';
import { expandCommand } from '../templates/program.ts';
import type { Template } from '../templates/schema.ts';
import { loadTokenKeys } from '../tokens/keys.ts';
import { bridgeConfig } from './bridge-config.ts';
import { runtimeFolder, userFolder, type ServerInputs } from './desired.ts';

/** Templates, their images and the engine's processors, each looked up once for however many servers. */
export interface Sources {
  /** By catalog name or folder. */
  template(reference: string): Promise<Template>;
  /** Id of a template's image. */
  image(template: Template): Promise<string>;
  /** Whether the engine has an image of this id. */
  has(image: string): Promise<boolean>;
  /** All that the engine has. */
  processors(): Promise<string>;
}

export function openSources(
  { assets }: Pick<Context, 'assets'>,
  engine: Pick<Engine, 'images' | 'processors'>,
  imageOf: (template: Template) => Promise<string>,
): Sources {
  const templates = new Map<string, Promise<Template>>();
  const images = new Map<string, Promise<string>>();
  const present = new Map<string, Promise<boolean>>();
  let processors: Promise<string> | undefined;
  return {
    template: (reference) => remember(templates, reference, () => findTemplate(reference, assets)),
    image: (template) => remember(images, template.folder, () => imageOf(template)),
    has: (image) =>
      remember(present, image, async () => (await engine.images.id(image)) !== undefined),
    processors: () => (processors ??= engine.processors()),
  };
}

/** Those of a host where nothing is built: an image that isn't there is `unbuilt`. */
export function previewSources(context: Context, engine: Engine): Sources {
  return openSources(
    context,
    engine,
    async (template) =>
      (await currentImage(imageRequest(context, engine, template)))?.id ?? unbuilt,
  );
}

export interface Whose {
  readonly user: User;
  readonly servers: readonly Server[];
  /** Keys of servers that are made from what is newest, instead of what they were ready with last. */
  readonly newest?: ReadonlySet<string> | undefined;
}

const nobody: ReadonlySet<string> = new Set();

/** What a server would be made from, were it made now. */
export async function newestVersion(
  sources: Sources,
  server: Pick<Server, 'template'>,
): Promise<Version> {
  const template = await sources.template(server.template);
  return { template, image: await sources.image(template) };
}

/** What one user's containers are made from. */
export async function gatherInputs(
  context: Context,
  sources: Sources,
  { user, servers, newest = nobody }: Whose,
): Promise<readonly Omit<ServerInputs, 'stale'>[]> {
  const { config, registry, home } = context;
  const { publicJwk: publicKey } = await loadTokenKeys(home);
  const { instance } = registry;
  return Promise.all(
    servers.map(async (server) => {
      const isNewest = newest.has(`${user.name}/${server.name}`);
      const kept = isNewest ? undefined : keptVersion(registry, server.id);
      const isUsable = kept !== undefined && (await sources.has(kept.image));
      const { template, image } = isUsable ? kept : await newestVersion(sources, server);
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
      const limits = await keptLimits(sources, config, limitsOf(config, user, template));
      return { server, template, image, bridge, limits, unmounted };
    }),
  );
}

/** What the engine can keep of caps. It has one processor at least, and is not asked about that. */
async function keptLimits(
  sources: Sources,
  { maximum }: HostConfig,
  limits: Limits,
): Promise<Limits> {
  if (limits.cpus <= 1 && limits.cpuset === null) return limits;
  const processors = await sources.processors();
  return limitsWithin(limits, { processors, maximum: maximum.cpuset });
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
