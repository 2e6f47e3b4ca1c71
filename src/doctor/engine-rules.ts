import type { EngineFacts } from './facts.ts';
import { ok, type Check } from './result.ts';

/** Are the rules there that the engine itself made? Somebody who flushes all rules takes them too. */
export function checkEngineRules(
  { rules, observed }: EngineFacts,
  devices: readonly string[],
): Check[] {
  const id = 'engine-rules';
  // An engine makes them with its first network.
  const hasNetwork = observed.networks.length > 0 || devices.includes('docker0');
  switch (rules.status) {
    case 'kept':
      return [ok(id, 'the engine’s own firewall rules are there')];
    case 'off':
      return [ok(id, 'the engine is told to make no firewall rules')];
    case 'unknown':
      return [];
    case 'lost':
      if (!hasNetwork) return [];
      return [
        {
          id,
          status: 'fail',
          summary: `the engine’s own rules are gone from ${rules.tables.join(' and ')}`,
          meaning:
            'Until they are back servers may reach no network, and the engine may start none and make no networks.',
          mend: [
            'systemctl restart docker, which stops and starts all containers unless live-restore is on',
            'mcpd up',
          ],
        },
      ];
  }
}
