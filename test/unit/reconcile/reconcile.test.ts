import { describe, expect, it } from 'vitest';
import { formatPlan, prerequisites, subject } from '../../../src/reconcile/plan.ts';
import type { Observed } from '../../../src/reconcile/observed.ts';
import { firstOperation, reconcile, type Desired } from '../../../src/reconcile/reconcile.ts';
import { network, observedNetwork, observedServer, serverSpec } from './specs.ts';

const files = serverSpec('filesystem');
const memory = serverSpec('memory', { port: 20001 });
const wanted: Desired = { network, servers: [{ spec: files, running: true }] };
const nothing: Observed = { networks: [], servers: [] };

function plan(desired: Desired, observed: Observed, restart?: string[]): string {
  return formatPlan(reconcile(desired, observed, restart ? { restart: new Set(restart) } : {}));
}

describe('reconcile', () => {
  it('creates the network before the servers on it', () => {
    expect(plan(wanted, nothing)).toBe(
      [
        'network.create mcpd-bob (not found)',
        'server.create bob/filesystem (not found)',
        'server.start bob/filesystem (created)',
      ].join('\n'),
    );
  });

  it('does nothing when everything is as it should be', () => {
    const observed = { networks: [observedNetwork()], servers: [observedServer(files)] };
    expect(plan(wanted, observed)).toBe('');
  });

  it('creates a stopped server without starting it', () => {
    const stopped = { network, servers: [{ spec: files, running: false }] };
    expect(plan(stopped, { networks: [observedNetwork()], servers: [] })).toBe(
      'server.create bob/filesystem (not found)',
    );
  });

  it('removes servers before the network they are on', () => {
    const observed = { networks: [observedNetwork()], servers: [observedServer(files)] };
    expect(plan({ network: undefined, servers: [] }, observed)).toBe(
      ['server.remove bob/filesystem (not wanted)', 'network.remove mcpd-bob (not wanted)'].join(
        '\n',
      ),
    );
  });

  it('changes limits live', () => {
    const spec = serverSpec('filesystem', {
      limits: { memoryBytes: 1024, cpus: 1, pids: 256, cpuset: null },
    });
    const observed = { networks: [observedNetwork()], servers: [observedServer(files)] };
    expect(plan({ network, servers: [{ spec, running: true }] }, observed)).toBe(
      'server.update bob/filesystem (memory 512 → 1k, live)',
    );
  });

  it.each([
    [null, '1', 'cpuset all → 1, live'],
    ['0-1', '1', 'cpuset 0-1 → 1, live'],
    ['1', null, 'cpuset 1 → all, live'],
    ['0-1', null, undefined],
    ['0-1', '0-1', undefined],
  ])('changes processors from %j to %j live, where they are not all of two', (from, to, cause) => {
    const of = (cpuset: string | null) => ({ ...files.limits, cpuset });
    const spec = serverSpec('filesystem', { limits: of(to) });
    const onAllProcessors = from === null || from === '0-1';
    const servers = [observedServer(files, { limits: of(from), onAllProcessors })];
    expect(
      plan(
        { network, servers: [{ spec, running: true }] },
        { networks: [observedNetwork()], servers },
      ),
    ).toBe(cause === undefined ? '' : `server.update bob/filesystem (${cause})`);
  });

  it.each([
    [{ containerName: 'foo' }, 'server.rename bob/filesystem (is called foo)'],
    [{ restart: 'no' }, 'server.update bob/filesystem (restart no → unless-stopped, live)'],
    [{ swaps: true }, 'server.update bob/filesystem (swap on → off, live)'],
  ])('mends what somebody changed behind its back: %j', (change, expected) => {
    const servers = [observedServer(files, change)];
    expect(plan(wanted, { networks: [observedNetwork()], servers })).toBe(expected);
  });

  it('replaces a container whose settings changed and starts it again', () => {
    const spec = serverSpec('filesystem', { image: 'sha256:bbb' });
    const observed = { networks: [observedNetwork()], servers: [observedServer(files)] };
    expect(plan({ network, servers: [{ spec, running: true }] }, observed)).toBe(
      [
        'server.stage bob/filesystem (its image changed)',
        'server.swap bob/filesystem (the new one is made)',
        'server.commit bob/filesystem (once it is ready; else the one of before comes back)',
      ].join('\n'),
    );
  });

  it('does not replace a container when only names for people changed', () => {
    const spec = serverSpec('filesystem', {
      containerName: 'mcpd-robert-filesystem',
      user: 'robert',
    });
    const observed = { networks: [observedNetwork()], servers: [observedServer(files)] };
    expect(plan({ network, servers: [{ spec, running: true }] }, observed)).toBe(
      'server.rename bob/filesystem (is called mcpd-bob-filesystem)',
    );
  });

  it('replaces a container that was disconnected from its network', () => {
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files, { networkIds: [] })],
    };
    expect(plan(wanted, observed)).toContain(
      'server.replace bob/filesystem (not connected to its network)',
    );
  });

  it('recreates the network and every server on it when its subnet changed', () => {
    const observed = {
      networks: [observedNetwork({ hash: 'other' })],
      servers: [observedServer(files)],
    };
    expect(plan(wanted, observed)).toBe(
      [
        'server.remove bob/filesystem (its network is recreated)',
        'network.remove mcpd-bob (its settings changed)',
        'network.create mcpd-bob (recreated with the wanted settings)',
        'server.create bob/filesystem (not found)',
        'server.start bob/filesystem (created)',
      ].join('\n'),
    );
  });

  it('recreates a network that has an earlier name of its user, and the servers on it', () => {
    const before = observedNetwork({ name: 'mcpd-robert', user: 'robert' });
    const observed = { networks: [before], servers: [observedServer(files)] };
    expect(plan(wanted, observed)).toBe(
      [
        'server.remove bob/filesystem (its network is recreated)',
        'network.remove mcpd-robert (its user has another name)',
        'network.create mcpd-bob (recreated with the wanted settings)',
        'server.create bob/filesystem (not found)',
        'server.start bob/filesystem (created)',
      ].join('\n'),
    );
  });

  it('removes the surplus of two containers of one server', () => {
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files), observedServer(files, { containerId: 'c2' })],
    };
    expect(plan(wanted, observed)).toBe('server.remove bob/filesystem (a duplicate)');
  });

  it('removes a server that is no longer wanted and leaves the others alone', () => {
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files), observedServer(memory)],
    };
    expect(plan(wanted, observed)).toBe('server.remove bob/memory (not wanted)');
  });

  it.each(['exited', 'created', 'paused'] as const)('starts a server that is %s', (state) => {
    const observed = { networks: [observedNetwork()], servers: [observedServer(files, { state })] };
    expect(plan(wanted, observed)).toBe(`server.start bob/filesystem (is ${state})`);
  });

  it('stops a server that should be stopped, even while it loops', () => {
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files, { state: 'restarting' })],
    };
    expect(plan({ network, servers: [{ spec: files, running: false }] }, observed)).toBe(
      'server.stop bob/filesystem (should be stopped)',
    );
  });

  it.each([
    [
      'running',
      [
        'server.stop bob/filesystem (its run-time folder was gone)',
        'server.start bob/filesystem (its run-time folder was gone)',
      ],
    ],
    ['exited', ['server.start bob/filesystem (is exited)']],
  ] as const)('mounts a lost run-time folder anew: %s', (state, expected) => {
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files, { state })],
    };
    const desired = { network, servers: [{ spec: files, running: true, unmounted: true }] };
    expect(plan(desired, observed)).toBe(expected.join('\n'));
  });

  it('restarts only the servers asked for', () => {
    const both = { network, servers: [...wanted.servers, { spec: memory, running: true }] };
    const observed = {
      networks: [observedNetwork()],
      servers: [observedServer(files), observedServer(memory)],
    };
    expect(plan(both, observed, ['bob/memory'])).toBe(
      [
        'server.stop bob/memory (restart asked for)',
        'server.start bob/memory (restart asked for)',
      ].join('\n'),
    );
  });
});

describe('prerequisites', () => {
  /** Each operation, and what it waits for. */
  function order(desired: Desired, observed: Observed): string {
    const { operations } = reconcile(desired, observed);
    return operations
      .map((operation, index) => {
        const needed = prerequisites(operation, operations.slice(0, index));
        const names = needed.map((one) => `${one.type} ${subject(one)}`);
        return `${operation.type} ${subject(operation)} < ${names.join(', ')}`;
      })
      .join('\n');
  }

  it('lets servers be made beside each other and their network, and started after it', () => {
    const two = [files, memory].map((spec) => ({ spec, running: true }));
    expect(order({ network, servers: two }, nothing)).toBe(
      [
        'network.create mcpd-bob < ',
        'server.create bob/filesystem < ',
        'server.start bob/filesystem < network.create mcpd-bob, server.create bob/filesystem',
        'server.create bob/memory < ',
        'server.start bob/memory < network.create mcpd-bob, server.create bob/memory',
      ].join('\n'),
    );
  });

  it('makes a network anew only after its servers and the old one are gone', () => {
    const observed = {
      networks: [{ ...observedNetwork(), hash: 'other' }],
      servers: [observedServer(files)],
    };
    expect(order(wanted, observed)).toBe(
      [
        'server.remove bob/filesystem < ',
        'network.remove mcpd-bob < server.remove bob/filesystem',
        'network.create mcpd-bob < server.remove bob/filesystem, network.remove mcpd-bob',
        'server.create bob/filesystem < server.remove bob/filesystem, network.remove mcpd-bob',
        'server.start bob/filesystem < server.remove bob/filesystem, network.remove mcpd-bob, network.create mcpd-bob, server.create bob/filesystem',
      ].join('\n'),
    );
  });
});

describe('firstOperation', () => {
  it.each([nothing, { networks: [], servers: [observedServer(files)] }])(
    'is the creation of a network that a plan has where there is none, with %o',
    (observed) => {
      const { operations } = reconcile(wanted, observed);
      expect(operations).toContainEqual(firstOperation(network, observed));
    },
  );

  it('is none when there is a network already, which may have to go first', () => {
    expect(firstOperation(network, { networks: [observedNetwork()], servers: [] })).toBeUndefined();
  });
});
