import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { networkDevices, removeTenant, repairFirewall } from '../firewall/firewall.ts';
import { systemNft } from '../firewall/nft.ts';
import { dematerialise } from '../secrets/materialise.ts';
import { systemVolumes } from '../storage/volumes.ts';
import { diagnose } from './diagnose.ts';
import { gatherFacts, type Facts } from './facts.ts';
import { staleBridges } from './orphans.ts';
import { strayMounts } from './storage.ts';
import type { DoctorResult } from './result.ts';

/**
 * Examines the engine, this host and what mcpd has on them. With `fix` it first puts right what can be without
 * touching a tenant: the firewall's rules and stale entries, and left-over run-time folders and mounts of
 * users who are gone.
 */
export async function examine(context: Context, { fix }: { fix: boolean }): Promise<DoctorResult> {
  const facts = await gatherFacts(context);
  const fixed = fix ? await mend(context, facts) : [];
  const checks = diagnose(fixed.length > 0 ? await gatherFacts(context) : facts);
  return { healthy: checks.every(({ status }) => status !== 'fail'), checks, fixed };
}

async function mend({ env, signal }: Context, facts: Facts): Promise<string[]> {
  const nft = systemNft(env);
  const done: string[] = [];
  if (facts.firewall.status === 'stale') {
    await repairFirewall(nft);
    done.push('loaded the firewall rules again');
  }
  for (const bridge of await reallyStale(signal, facts)) {
    await removeTenant(nft, bridge);
    done.push(`removed the firewall entry ${bridge}`);
  }
  for (const folder of facts.staleFolders) {
    dematerialise(folder);
    done.push(`removed ${folder}`);
  }
  for (const folder of strayMounts(facts).filter(({ isFixable }) => isFixable)) {
    await systemVolumes({ env }).unmount(folder.path);
    done.push(`unmounted ${folder.path}`);
  }
  return done;
}

const creationMs = 5_000;

/** Entries come before their network: one that is just being made must keep them. */
async function reallyStale(signal: AbortSignal, facts: Facts): Promise<string[]> {
  const suspects = staleBridges(facts);
  if (suspects.length === 0) return [];
  await delay(creationMs, undefined, { signal });
  const devices = await networkDevices();
  return suspects.filter((bridge) => !devices.includes(bridge));
}
