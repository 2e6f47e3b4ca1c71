import * as z from 'zod';
import type { Image } from '../engine/engine.ts';

const imageResult = z.object({
  id: z.string(),
  tags: z.array(z.string()),
  template: z.string().describe('empty for a base'),
  bytes: z.int(),
  createdAt: z.iso.datetime(),
  usedBy: z.int().describe('containers, of any instance on this engine'),
});

export const imageBuildResult = z.object({
  changed: z.boolean(),
  images: z.array(
    z.object({ template: z.string(), tag: z.string(), id: z.string(), built: z.boolean() }),
  ),
});

export const imageListResult = z.object({
  images: z.array(
    imageResult.extend({ current: z.boolean().describe('new servers would run from it') }),
  ),
});

export const imagePruneResult = z.object({
  changed: z.boolean(),
  removed: z.array(imageResult),
  bytes: z.int().describe('sum of their sizes; layers that others share stay'),
});

export type ImageBuildResult = z.infer<typeof imageBuildResult>;
export type ImageListResult = z.infer<typeof imageListResult>;
export type ImagePruneResult = z.infer<typeof imagePruneResult>;

export function describeImage(image: Image): z.infer<typeof imageResult> {
  return {
    id: image.id,
    tags: [...image.tags],
    template: image.template,
    bytes: image.bytes,
    createdAt: new Date(image.createdAt).toISOString(),
    usedBy: image.usedBy,
  };
}
