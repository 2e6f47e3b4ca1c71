import type { Context } from '../context.ts';
import type { Server } from '../registry/rows.ts';
import { keptVersion } from '../registry/versions.ts';
import { findTemplate } from './catalog.ts';
import type { Template } from './schema.ts';

/**
 * What a server is made from: the template as it was when it was ready last, whatever became of its
 * folder; of one that never was, as it is now. Throws what findTemplate throws.
 */
export async function templateOf(
  { registry, assets }: Pick<Context, 'registry' | 'assets'>,
  { id, template }: Pick<Server, 'id' | 'template'>,
): Promise<Template> {
  return keptVersion(registry, id)?.template ?? findTemplate(template, assets);
}
