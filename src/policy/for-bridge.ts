import type { BridgePolicy, Concurrency, Exposure, Rate } from './bridge-policy.ts';
import type { EffectivePolicy } from './effective.ts';

/** What a server's bridge is told of the policy that holds for the server. */
export function toBridgePolicy(
  effective: EffectivePolicy,
  groups: readonly string[],
): BridgePolicy {
  return {
    schema: 1,
    groups,
    tools: exposure(effective, 'tools', effective.maxTools.value),
    resources: exposure(effective, 'resources', effective.maxResources.value),
    prompts: exposure(effective, 'prompts', effective.maxPrompts.value),
    userRate: rate(effective.requestsPerMinute.value, effective.burst.value),
    serverRate: rate(effective['server.requestsPerMinute'].value, effective['server.burst'].value),
    userConcurrency: concurrency(effective.concurrency.value, effective.queue.value),
    serverConcurrency: concurrency(effective['server.concurrency'].value, effective.queue.value),
  };
}

function exposure(
  effective: EffectivePolicy,
  kind: 'tools' | 'resources' | 'prompts',
  most: number | null,
): Exposure {
  return {
    allow: effective[`${kind}.allow`].value,
    deny: effective[`${kind}.deny`].value ?? [],
    most,
  };
}

/** Enough at once for a client to introduce itself and list what there is. */
const leastBurst = 10;

function rate(perMinute: number | null, burst: number | null): Rate | null {
  if (perMinute === null) return null;
  const fallback = Math.max(leastBurst, Math.ceil(perMinute / 60));
  // A larger one would let a minute's requests through many times over.
  return { perMinute, burst: Math.min(perMinute, burst ?? fallback) };
}

function concurrency(calls: number | null, queue: number | null): Concurrency | null {
  return calls === null ? null : { calls, queue: queue ?? 4 * calls };
}
