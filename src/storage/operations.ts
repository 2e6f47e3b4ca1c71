import { formatBytes } from '../policy/bytes.ts';
import type { VolumeDecision, VolumeFacts } from './decide.ts';

/** One thing done to a user's workspace, as plans and results list it. */
export interface StorageOperation {
  readonly type: 'storage.mount' | 'storage.grow' | 'storage.move' | 'storage.unpack';
  /** Name of the user. */
  readonly subject: string;
  readonly cause: string;
}

/** A decision as operations; one that is refused has none. Pure. */
export function storageOperations(
  subject: string,
  { mounted, imageBytes }: Pick<VolumeFacts, 'mounted' | 'imageBytes'>,
  decision: VolumeDecision,
): StorageOperation[] {
  const mount: StorageOperation[] =
    imageBytes === undefined || mounted ? [] : [mountOperation(subject)];
  switch (decision.action) {
    case 'leave':
    case 'refuse':
      return [];
    case 'keep': {
      if (decision.growTo === undefined) return mount;
      const cause = change(imageBytes, decision.growTo);
      return [...mount, { type: 'storage.grow', subject, cause }];
    }
    case 'move': {
      const cause = change(imageBytes, decision.bytes);
      return [...mount, { type: 'storage.move', subject, cause }];
    }
    case 'unpack':
      return [...mount, { type: 'storage.unpack', subject, cause: 'it has no quota' }];
  }
}

export function mountOperation(subject: string): StorageOperation {
  return { type: 'storage.mount', subject, cause: 'not mounted' };
}

function change(from: number | undefined, to: number): string {
  return from === undefined
    ? `into a file system of ${formatBytes(to)}`
    : `${formatBytes(from)} → ${formatBytes(to)}`;
}
