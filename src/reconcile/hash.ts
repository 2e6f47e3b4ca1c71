import { createHash } from 'node:crypto';
import type { NetworkSpec, ServerSpec } from './spec.ts';

// Raise when the meaning of a spec changes in a way that must recreate every container.
const schemaVersion = 1;

/**
 * Hash of what only a new container can change. Left out: the limits, which change live, and the
 * names, which are for people.
 */
export function serverHash(spec: ServerSpec): string {
  const { limits: _limits, containerName: _name, key: _key, user: _user, ...rest } = spec;
  return digest(rest);
}

export function networkHash(spec: NetworkSpec): string {
  return digest({ subnet: spec.subnet, bridge: spec.bridge });
}

function digest(value: object): string {
  const sorted = JSON.stringify(value, (_key, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
  return `${schemaVersion}-${createHash('sha256').update(sorted).digest('hex').slice(0, 16)}`;
}
