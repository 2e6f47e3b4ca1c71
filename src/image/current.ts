import type { HostConfig } from '../config/schema.ts';
import type { Template } from '../templates/schema.ts';
import { findBase } from './base.ts';
import type { ImageRequest } from './build.ts';
import { buildContext, type Assets } from './context.ts';
import { imageTag } from './tag.ts';

type CurrentRequest = Pick<ImageRequest, 'images' | 'config' | 'assets' | 'env'>;

/** Id of the image that a template would run from now; undefined when it is still to be built. */
export async function currentImage(
  request: CurrentRequest & { readonly template: Template },
): Promise<string | undefined> {
  const [tag] = await currentTags(request, [request.template]);
  return tag?.startsWith('mcpd/') ? request.images.id(tag) : undefined;
}

/** References that are up to date: the base's, and each template's, built or not. */
export async function currentReferences(
  request: CurrentRequest,
  templates: readonly Template[],
): Promise<ReadonlySet<string>> {
  const base = await findBase(request);
  return new Set([...(base ? [base.reference] : []), ...(await currentTags(request, templates))]);
}

async function currentTags(
  request: { config: HostConfig; assets: Assets } & CurrentRequest,
  templates: readonly Template[],
): Promise<string[]> {
  const { config, assets } = request;
  const base = await findBase(request);
  if (base === undefined) return [];
  return Promise.all(
    templates.map(async (template) =>
      imageTag(template.name, await buildContext(template, config, assets), base.identity),
    ),
  );
}
