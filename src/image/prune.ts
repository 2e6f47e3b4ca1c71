import type { Image, Images } from '../engine/engine.ts';
import { ConflictError } from '../errors.ts';

export interface PruneOptions {
  /** References that a `user add` would use now, and ids that servers would be made from again. */
  readonly current: ReadonlySet<string>;
  /** Also what is current, when no container uses it. */
  readonly all: boolean;
}

/** The images to remove, in an order in which none is made from one before it. Pure. */
export function imagesToRemove(images: readonly Image[], options: PruneOptions): readonly Image[] {
  return images
    .filter((image) => image.usedBy === 0)
    .filter(
      (image) => options.all || ![image.id, ...image.tags].some((one) => options.current.has(one)),
    )
    .toSorted((a, b) => rank(a) - rank(b));
}

/** Removes them, and gives those that are gone; one that something still needs stays. */
export async function removeImages(
  images: Images,
  chosen: readonly Image[],
): Promise<readonly Image[]> {
  const removed: Image[] = [];
  for (const image of chosen) {
    try {
      await images.remove(image.id);
      removed.push(image);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  return removed;
}

/** A server's image, then what its build left behind, then bases. */
function rank({ tags }: Image): number {
  if (tags.length === 0) return 1;
  return tags.some((tag) => tag.startsWith('mcpd/base:')) ? 2 : 0;
}
