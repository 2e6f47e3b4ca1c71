import { readFileSync } from 'node:fs';
import { fieldOf, parseJson } from '../../mcp/body.ts';
import { openPolicy, type BridgePolicy } from '../../policy/bridge-policy.ts';
import { watchFile, type FolderWatch } from '../watched.ts';

const nothing = { allow: [], deny: [], most: null };

/** Exposes nothing: what holds where it is not known what may be exposed. */
export const closedPolicy: BridgePolicy = {
  ...openPolicy,
  tools: nothing,
  resources: nothing,
  prompts: nothing,
};

/**
 * What the user of this server may do now, from `policy.json`, which is looked at on every question. As
 * long as there has been no such file everything is allowed: its host knows no policies. Once it was
 * there, one that is missing, unreadable or not a policy exposes nothing, since what it took away can't be
 * known; the last one could allow what is forbidden by now.
 */
export function readPolicyFile(file: string, folder?: FolderWatch): () => BridgePolicy {
  const look = watchFile(file, folder);
  let policy: BridgePolicy | undefined;
  return () => {
    const state = look();
    if (state === 'missing') return policy ? closedPolicy : openPolicy;
    if (!policy || state === 'changed') policy = parsePolicy(file) ?? closedPolicy;
    return policy;
  };
}

function parsePolicy(file: string): BridgePolicy | undefined {
  try {
    const value = parseJson(readFileSync(file));
    return isPolicy(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPolicy(value: unknown): value is BridgePolicy {
  return (
    fieldOf(value, 'schema') === 1 &&
    isNames(fieldOf(value, 'groups')) &&
    ['tools', 'resources', 'prompts'].every((kind) => isExposure(fieldOf(value, kind))) &&
    ['userRate', 'serverRate'].every((name) =>
      isNullOr(fieldOf(value, name), (rate) => isAbove(rate, { perMinute: 1, burst: 1 })),
    ) &&
    ['userConcurrency', 'serverConcurrency'].every((name) =>
      isNullOr(fieldOf(value, name), (most) => isAbove(most, { calls: 1, queue: 0 })),
    )
  );
}

function isExposure(value: unknown): boolean {
  return (
    isNullOr(fieldOf(value, 'allow'), isNames) &&
    isNames(fieldOf(value, 'deny')) &&
    isNullOr(fieldOf(value, 'most'), (most) => typeof most === 'number' && most >= 0)
  );
}

function isNullOr(value: unknown, holds: (value: unknown) => boolean): boolean {
  return value === null || holds(value);
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isAbove(value: unknown, least: Readonly<Record<string, number>>): boolean {
  return Object.entries(least).every(([name, number]) => {
    const found = fieldOf(value, name);
    return typeof found === 'number' && found >= number;
  });
}
