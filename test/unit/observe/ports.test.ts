import { describe, expect, test } from 'vitest';
import { describePorts, type PortFacts } from '../../../src/observe/ports.ts';
import type { ObservedServer } from '../../../src/reconcile/observed.ts';

const container: ObservedServer = {
  containerId: 'c1',
  containerName: 'mcpd-bob-filesystem',
  userId: 'u1',
  user: 'bob',
  serverId: 's1',
  server: 'filesystem',
  hash: '',
  image: '',
  state: 'running',
  exitCode: 0,
  oomKilled: false,
  restarts: 0,
  swaps: false,
  restart: 'unless-stopped',
  startedAt: '',
  limits: { memoryBytes: 1, cpus: 1, pids: 1, cpuset: null },
  onAllProcessors: true,
  networkIds: [],
};
const held = { port: 20000, user: 'bob', server: 'filesystem', state: 'held' } as const;
const facts: PortFacts = {
  rows: [held],
  listening: new Set([20000]),
  holders: new Map([[20000, { pid: 7, name: 'docker-proxy' }]]),
  byPort: new Map([[20000, container]]),
  stale: false,
};

describe('describePorts', () => {
  test('names the container that the engine listens for', () => {
    expect(describePorts(facts)).toEqual([
      {
        ...held,
        holder: { kind: 'container', name: 'mcpd-bob-filesystem', pid: 7 },
        conflict: false,
      },
    ]);
  });

  test('a stopped server’s port with nobody on it is held and free of conflict', () => {
    expect(describePorts({ ...facts, listening: new Set(), holders: new Map() })).toEqual([
      { ...held, holder: null, conflict: false },
    ]);
  });

  test('a foreign process on a server’s port is a conflict, even while its container exists', () => {
    const holders = new Map([[20000, { pid: 9, name: 'python3' }]]);
    expect(describePorts({ ...facts, holders })[0]).toMatchObject({
      holder: { kind: 'process', name: 'python3', pid: 9 },
      conflict: true,
    });
  });

  test('the engine listening for another container on a stopped server’s port is a conflict', () => {
    const byPort = new Map([[20000, { ...container, state: 'exited' as const }]]);
    expect(describePorts({ ...facts, byPort })[0]).toMatchObject({ conflict: true });
  });

  test('without an engine to ask, its own process is not called foreign', () => {
    const byPort = new Map([[20000, undefined]]);
    expect(describePorts({ ...facts, byPort, stale: true })[0]).toMatchObject({ conflict: false });
  });

  test('a listener that no row explains is listed as foreign', () => {
    const listening = new Set([20005]);
    const rows = describePorts({ ...facts, rows: [], listening, holders: new Map() });
    expect(rows).toEqual([
      {
        port: 20005,
        user: null,
        server: null,
        state: 'foreign',
        holder: { kind: 'process', name: 'unknown', pid: null },
        conflict: false,
      },
    ]);
  });
});
