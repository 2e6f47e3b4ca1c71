import type { Context } from '../context.ts';
import type { Engine, Image } from '../engine/engine.ts';
import { listServers } from '../registry/servers.ts';
import { keptVersion } from '../registry/versions.ts';
import { findTemplate, listTemplates } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import { ensureImage } from './build.ts';
import { currentImage, currentReferences } from './current.ts';
import { imagesToRemove, removeImages } from './prune.ts';
import { imageRequest } from './request.ts';
import {
  describeImage,
  type ImageBuildResult,
  type ImageListResult,
  type ImagePruneResult,
} from './result.ts';

/** Builds what is missing: of the named templates, or of the whole catalog. */
export async function buildImages(
  context: Context,
  names: readonly string[],
): Promise<ImageBuildResult> {
  const { assets, progress, signal } = context;
  const templates =
    names.length === 0
      ? await listTemplates(assets)
      : await Promise.all(names.map((name) => findTemplate(name, assets)));
  const engine = await context.engine();
  const requests = templates.map((template) => imageRequest(context, engine, template));
  const made = new Map<Template, Awaited<ReturnType<typeof ensureImage>>>();
  for (const request of requests) {
    const current = await currentImage(request);
    if (current) made.set(request.template, { ...current, built: false });
  }
  await progress.steps(
    requests
      .filter(({ template }) => !made.has(template))
      .map((request) => ({
        title: `image.build ${request.template.name}`,
        run: async (update) => {
          signal.throwIfAborted();
          made.set(request.template, await ensureImage({ ...request, onLine: update }));
        },
      })),
  );
  const images = templates.flatMap((template) => {
    const image = made.get(template);
    return image ? [{ template: template.name, ...image }] : [];
  });
  return { changed: images.some(({ built }) => built), images };
}

/** mcpd's images on this engine, those of templates first. */
export async function listImages(context: Context): Promise<ImageListResult> {
  const engine = await context.engine();
  const current = await currentOf(context, engine);
  const images = (await engine.images.list()).map((image) => ({
    ...describeImage(image),
    current: image.tags.some((tag) => current.has(tag)),
  }));
  return { images: images.toSorted((a, b) => b.template.localeCompare(a.template)) };
}

/** The images that `pruneImages` would remove. */
export async function findPrunable(
  context: Context,
  { all }: { all: boolean },
): Promise<readonly Image[]> {
  const engine = await context.engine();
  const current = all ? [] : [...(await currentOf(context, engine)), ...keptImages(context)];
  return imagesToRemove(await engine.images.list(), { all, current: new Set(current) });
}

/** Ids of the images that servers were ready with last: of one who is down, no container uses it. */
function keptImages({ registry }: Context): readonly string[] {
  return listServers(registry).flatMap(({ id }) => keptVersion(registry, id)?.image ?? []);
}

export async function pruneImages(
  context: Context,
  chosen: readonly Image[],
): Promise<ImagePruneResult> {
  const engine = await context.engine();
  const removed = (await removeImages(engine.images, chosen)).map(describeImage);
  const bytes = removed.reduce((sum, image) => sum + image.bytes, 0);
  return { changed: removed.length > 0, removed, bytes };
}

/** Catalog templates, and the folders that servers were made from. */
async function currentOf(context: Context, { images }: Engine): Promise<ReadonlySet<string>> {
  const { assets, config, env, registry } = context;
  const references = new Set(listServers(registry).map(({ template }) => template));
  const found = await Promise.all(
    // A folder that is gone has no current image.
    [...references].map((reference) => findTemplate(reference, assets).catch(() => undefined)),
  );
  const used = found.filter((template) => template !== undefined);
  const catalog: Template[] = await listTemplates(assets);
  return currentReferences({ images, config, assets: { root: assets }, env }, [
    ...catalog,
    ...used.filter(({ folder }) => !catalog.some((one) => one.folder === folder)),
  ]);
}
