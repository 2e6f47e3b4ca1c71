import type { Server } from '../registry/rows.ts';
import type { Version } from '../registry/versions.ts';
import { versionDigest } from './label.ts';

/** A server with what it is made from, and what it would be made from now. */
export interface Candidate {
  readonly server: Pick<Server, 'desired'>;
  /** Its user is up. */
  readonly wanted: boolean;
  /** Undefined: it was never ready. */
  readonly current: Version | undefined;
  readonly newest: Version;
}

/** `due`: there is something newer. `stopped`: there may be, but nobody could see it get ready. */
export type Choice = 'due' | 'unchanged' | 'stopped';

/** Whether a server is to be moved. Pure. */
export function chooseUpgrade({ server, wanted, current, newest }: Candidate): Choice {
  if (current !== undefined && versionDigest(current) === versionDigest(newest)) return 'unchanged';
  return wanted && server.desired === 'running' ? 'due' : 'stopped';
}
