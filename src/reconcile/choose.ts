import { isLost, isUp, type ObservedServer } from './observed.ts';

/** What is to be done with the containers of one server. */
export interface Chosen {
  /** The one to keep, or to replace. */
  readonly current: ObservedServer | undefined;
  /** As it should be, made to follow `current`, and not proven yet. */
  readonly next: ObservedServer | undefined;
  readonly surplus: readonly { readonly server: ObservedServer; readonly cause: string }[];
}

// A server's own name has no dot, so no two servers' containers can meet.
const stagedSuffix = '.next';

/** Name of a container that is to follow another one, until it is proven. */
export function stagedName(containerName: string): string {
  return containerName + stagedSuffix;
}

export function isStaged({ containerName }: ObservedServer): boolean {
  return containerName.endsWith(stagedSuffix);
}

/**
 * Of a server's containers there are two while one replaces the other, or when a command was killed at
 * that; more only by somebody's doing. One that is as wanted and staged follows a proven one. One that is
 * as wanted and proven is kept, and so is a proven one when none is as wanted. Pure.
 */
export function chooseContainers(hash: string, containers: readonly ObservedServer[]): Chosen {
  const byMerit = containers.toSorted((a, b) => merit(b) - merit(a));
  const asWanted = byMerit.filter((one) => one.hash === hash && !(isStaged(one) && isLost(one)));
  const fresh = asWanted.find((one) => !isStaged(one)) ?? asWanted[0];
  const proven = byMerit.find((one) => one.hash !== hash && !isStaged(one));
  const isNext = fresh !== undefined && isStaged(fresh) && proven !== undefined;
  const current = isNext ? proven : (fresh ?? proven ?? byMerit[0]);
  const next = isNext ? fresh : undefined;
  const surplus = containers
    .filter((one) => one !== current && one !== next)
    .map((server) => ({
      server,
      cause: isStaged(server) ? 'of a replacement that was given up' : 'a duplicate',
    }));
  return { current, next, surplus };
}

function merit(container: ObservedServer): number {
  return Number(isUp(container));
}
