import { expect, test } from 'vitest';
import type { BridgeConfig } from '../../../src/bridge/config.ts';
import { keepBridge, keptBridge } from '../../../src/registry/bridges.ts';
import { addServer } from '../../../src/registry/servers.ts';
import { add, temporaryRegistry } from './temporary.ts';

test('what a bridge was last told is kept, and the same again is not written', () => {
  using box = temporaryRegistry();
  const { registry } = box;
  const user = add(registry, 'bob');
  const isPortFree = () => true;
  const { id } = addServer(registry, { user, name: 'a', template: 'a', isPortFree });
  expect(keptBridge(registry, id)).toBeUndefined();
  const bridge = { schema: 1, url: 'http://127.0.0.1:20000/mcp' } as BridgeConfig;
  keepBridge(registry, id, bridge);
  const changes = () => registry.db.prepare('SELECT total_changes() AS count').get()?.['count'];
  const before = changes();
  keepBridge(registry, id, bridge);
  expect(changes()).toBe(before);
  expect(keptBridge(registry, id)).toEqual(bridge);
  keepBridge(registry, id, { ...bridge, memoryBytes: 1 });
  expect(keptBridge(registry, id)?.memoryBytes).toBe(1);
});
