import type { BridgeConfig } from '../bridge/config.ts';
import type { Registry } from './database.ts';

/** Notes what a server's bridge is told; without news nothing is written. */
export function keepBridge({ db }: Registry, serverId: string, bridge: BridgeConfig): void {
  const text = JSON.stringify(bridge);
  db.prepare('UPDATE servers SET bridge = ?1 WHERE id = ?2 AND bridge IS NOT ?1').run(
    text,
    serverId,
  );
}

/** What a server's bridge was last told; undefined when it never had a container. */
export function keptBridge({ db }: Registry, serverId: string): BridgeConfig | undefined {
  const text = db.prepare('SELECT bridge FROM servers WHERE id = ?').get(serverId)?.['bridge'];
  return typeof text === 'string' ? (JSON.parse(text) as BridgeConfig) : undefined;
}
