import { createHash } from 'node:crypto';
import { unbuilt } from '../image/current.ts';
import type { Server } from '../registry/rows.ts';
import type { Version } from '../registry/versions.ts';
import { parseNpmSpec } from '../templates/npm-spec.ts';

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
  if (current !== undefined && digest(current) === digest(newest)) return 'unchanged';
  return wanted && server.desired === 'running' ? 'due' : 'stopped';
}

/** A version for people, `2026.8.31-3fa2b1c`: of its package, if a registry has it, and of all it is made from. */
export function versionLabel(version: Version): string {
  const { source, folder } = version.template;
  const spec = 'npm' in source ? parseNpmSpec(source.npm, folder) : undefined;
  const named = spec?.kind === 'registry' ? [spec.version] : [];
  return version.image === unbuilt
    ? [...named, unbuilt].join(', ')
    : [...named, digest(version).slice(0, 7)].join('-');
}

// Where a template's folder is says nothing of what is in it.
function digest({ template: { folder: _folder, ...template }, image }: Version): string {
  return createHash('sha256')
    .update(JSON.stringify([template, image]))
    .digest('hex');
}
