import { McpdError } from '../errors.ts';
import type { Template } from '../templates/schema.ts';
import { findBase, type Base } from './base.ts';
import type { ImageRequest } from './build.ts';
import { buildContext } from './context.ts';
import { imageTag } from './tag.ts';

type CurrentRequest = Pick<ImageRequest, 'images' | 'config' | 'assets' | 'env'>;

/** The image that a template would run from now; undefined when it is still to be built. */
export async function currentImage(
  request: CurrentRequest & { readonly template: Template },
): Promise<{ readonly tag: string; readonly id: string } | undefined> {
  const base = await findBase(request);
  if (base === undefined) return undefined;
  const tag = await tagFor(request, request.template, base);
  const id = await request.images.id(tag);
  return id === undefined ? undefined : { tag, id };
}

/** References that are up to date: the base's, and each template's that can be built, built or not. */
export async function currentReferences(
  request: CurrentRequest,
  templates: readonly Template[],
): Promise<ReadonlySet<string>> {
  const base = await findBase(request);
  if (base === undefined) return new Set();
  const tags = await Promise.all(
    templates.map((template) => tagFor(request, template, base).catch(ignoreUnbuildable)),
  );
  return new Set([base.reference, ...tags.filter((tag) => tag !== undefined)]);
}

async function tagFor(
  { config, assets }: CurrentRequest,
  template: Template,
  base: Base,
): Promise<string> {
  const context = await buildContext(template, config, assets);
  return imageTag(template.name, context, base.identity);
}

function ignoreUnbuildable(error: unknown): undefined {
  const codes = ['IMAGE_SOURCE_UNSUPPORTED', 'TEMPLATE_SOURCE_NOT_FOUND'];
  if (!(error instanceof McpdError) || !codes.includes(error.code)) throw error;
}
