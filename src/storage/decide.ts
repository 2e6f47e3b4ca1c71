import { formatBytes } from '../policy/bytes.ts';
import type { StorageQuota } from './quota.ts';

/** What there is of one user's workspace, and what should be. */
export interface VolumeFacts {
  readonly quota: StorageQuota | undefined;
  /** Why no quota can be enforced here, a clause; undefined when one can. */
  readonly obstacle: string | undefined;
  /** Size of the file that is the workspace's file system; undefined: the workspace is a plain folder. */
  readonly imageBytes: number | undefined;
  readonly mounted: boolean;
  /** The mounted file system is smaller than its image: a command was killed while it grew. */
  readonly unfilled: boolean;
  /** What is in the workspace; looked at only when it has to be moved. */
  readonly used: Used;
}

export interface Used {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * - `leave`: a plain folder, as it is.
 * - `keep`: the image, which needs at most to grow to `growTo` bytes.
 * - `move`: the files go into a new image of `bytes`, while no server runs.
 * - `unpack`: the files go back into a plain folder, while no server runs.
 * - `refuse`: what was asked for can't be.
 */
export type VolumeDecision =
  | { readonly action: 'leave' | 'unpack'; readonly notice?: string }
  | { readonly action: 'keep'; readonly growTo: number | undefined; readonly notice?: string }
  | { readonly action: 'move'; readonly bytes: number }
  | { readonly action: 'refuse'; readonly reason: string; readonly code: string };

/** What to do so that the quota holds. Pure. */
export function decideVolume(facts: VolumeFacts): VolumeDecision {
  const { quota, obstacle, imageBytes } = facts;
  if (imageBytes !== undefined && obstacle !== undefined) return unenforceable(obstacle);
  if (quota === undefined) return { action: imageBytes === undefined ? 'leave' : 'unpack' };
  if (obstacle !== undefined) {
    return quota.promised ? unenforceable(obstacle) : { action: 'leave' };
  }
  if (imageBytes !== undefined && imageBytes <= quota.bytes) return keep(facts, quota.bytes);
  const excess = whyTooLarge(facts.used, quota.bytes);
  if (excess === undefined) return { action: 'move', bytes: quota.bytes };
  if (quota.promised) {
    return { action: 'refuse', reason: excess, code: 'STORAGE_TOO_SMALL' };
  }
  // The host's was never promised to this user: what they have stays, and is shown for what it is.
  const notice = `The host’s quota is not enforced: ${excess}`;
  return imageBytes === undefined
    ? { action: 'leave', notice }
    : { ...keep(facts, imageBytes), notice };
}

/** What of a file system of this size is there for files: the rest is its own tables and log. */
export function usableBytes(bytes: number): number {
  return Math.max(0, Math.floor(bytes * 0.94) - 6 * 2 ** 20);
}

function keep(facts: VolumeFacts, bytes: number) {
  const grows = facts.unfilled || (facts.imageBytes ?? 0) < bytes;
  return { action: 'keep', growTo: grows ? bytes : undefined } as const;
}

function whyTooLarge({ bytes, entries }: Used, quota: number): string | undefined {
  const usable = usableBytes(quota);
  if (bytes > usable) {
    return `${formatBytes(bytes)} are in the workspace, and ${formatBytes(quota)} have room for ${formatBytes(usable)}.`;
  }
  const room = Math.floor((quota / 8192) * 0.95);
  return entries > room
    ? `${entries} files are in the workspace, and ${formatBytes(quota)} have room for ${room}.`
    : undefined;
}

function unenforceable(obstacle: string): VolumeDecision {
  return {
    action: 'refuse',
    reason: `A storage quota can't be enforced here: ${obstacle}.`,
    code: 'STORAGE_NOT_ENFORCEABLE',
  };
}
