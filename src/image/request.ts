import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import type { Template } from '../templates/schema.ts';

/** What a template's image is made from, and where. */
export function imageRequest(
  { config, assets, env, progress, signal }: Context,
  { images }: Pick<Engine, 'images'>,
  template: Template,
) {
  const notice = (line: string) => progress.notice(line);
  return { images, template, config, assets: { root: assets }, env, notice, signal };
}
