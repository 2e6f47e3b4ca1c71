import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stagedName } from '../../../src/reconcile/choose.ts';
import { serverHash } from '../../../src/reconcile/hash.ts';
import { isLost, isUp, type ObservedServer } from '../../../src/reconcile/observed.ts';
import { formatPlan, type Operation } from '../../../src/reconcile/plan.ts';
import { reconcile } from '../../../src/reconcile/reconcile.ts';
import { network, observedNetwork, observedServer, serverSpec } from './specs.ts';

const old = serverSpec('filesystem', { image: 'sha256:old' });
const spec = serverSpec('filesystem', { image: 'sha256:new' });
const next = stagedName(spec.containerName);

/** A container of before, one that is to follow it, and what a plan makes of them. */
const before = (change: Partial<ObservedServer> = {}) =>
  observedServer(old, { containerId: 'old', ...change });
const follower = (change: Partial<ObservedServer> = {}) =>
  observedServer(spec, { containerId: 'new', containerName: next, ...change });

function operations(servers: readonly ObservedServer[], running = true): readonly Operation[] {
  return reconcile(
    { network, servers: [{ spec, running }] },
    { networks: [observedNetwork()], servers },
  ).operations;
}

const plan = (servers: readonly ObservedServer[], running = true) =>
  formatPlan({ operations: operations(servers, running) });

const stage = 'server.stage bob/filesystem (its image changed)';
const swap = 'server.swap bob/filesystem (the new one is made)';
const commit = 'server.commit bob/filesystem (once it is ready; else the one of before comes back)';

describe('a replacement', () => {
  it.each(['running', 'exited', 'paused'] as const)('keeps a container that is %s', (state) => {
    expect(plan([before({ state })])).toBe([stage, swap, commit].join('\n'));
  });

  it.each(['created', 'restarting', 'dead', 'removing'] as const)(
    'keeps none that is %s, which would not serve again',
    (state) => {
      expect(plan([before({ state })])).toMatch(/^server\.replace .*\nserver\.start/);
    },
  );

  it('keeps none that is off its network, or should not run', () => {
    expect(plan([before({ networkIds: [] })])).toMatch(/^server\.replace/);
    expect(plan([before({ state: 'exited' })], false)).toBe(
      'server.replace bob/filesystem (its image changed)',
    );
  });
});

describe('a replacement that was killed', () => {
  it('when the new container was made, goes on', () => {
    expect(plan([before(), follower({ state: 'created' })])).toBe([swap, commit].join('\n'));
  });

  it('between stop and start, goes on', () => {
    const servers = [before({ state: 'exited' }), follower({ state: 'created' })];
    expect(plan(servers)).toBe([swap, commit].join('\n'));
  });

  it('before the new one was proven, has it proven', () => {
    expect(plan([before({ state: 'exited' }), follower()])).toBe(commit);
  });

  it('when the old one was removed, has the name put right', () => {
    expect(plan([follower()])).toBe(`server.rename bob/filesystem (is called ${next})`);
  });

  it('is given up when it is no longer wanted: the old one comes back', () => {
    const servers = [
      observedServer(spec, { containerId: 'old', state: 'exited' }),
      observedServer(old, { containerId: 'new', containerName: next }),
    ];
    expect(plan(servers)).toBe(
      [
        'server.remove bob/filesystem (of a replacement that was given up)',
        'server.start bob/filesystem (is exited)',
      ].join('\n'),
    );
  });

  it('is given up for a newer one', () => {
    const between = observedServer(serverSpec('filesystem', { image: 'sha256:between' }), {
      containerId: 'between',
      containerName: next,
    });
    expect(plan([before({ state: 'exited' }), between])).toBe(
      [
        'server.remove bob/filesystem (of a replacement that was given up)',
        stage,
        swap,
        commit,
      ].join('\n'),
    );
  });

  it('ends with the new container when the server should be stopped meanwhile', () => {
    expect(plan([before({ state: 'exited' }), follower()], false)).toBe(
      [
        'server.remove bob/filesystem (replaced)',
        `server.rename bob/filesystem (is called ${next})`,
        'server.stop bob/filesystem (should be stopped)',
      ].join('\n'),
    );
  });
});

// Whatever is there, and however often a command is killed on its way.
it('from any containers, killed anywhere, plans end with one container as wanted, and two are never up', () => {
  const container = fc
    .record({
      isOld: fc.boolean(),
      name: fc.constantFrom(spec.containerName, next, 'foo'),
      state: fc.constantFrom('created', 'exited', 'dead', 'running', 'restarting', 'paused'),
    })
    .map(({ isOld, name, state }) => ({ spec: isOld ? old : spec, name, state }) as const);
  const world = fc.uniqueArray(container, { maxLength: 3, selector: ({ name }) => name });
  fc.assert(
    fc.property(
      world,
      fc.array(fc.nat(3), { maxLength: 4 }),
      fc.boolean(),
      (found, kills, running) => {
        let containers: readonly ObservedServer[] = found.map(({ spec: of, name, state }, index) =>
          observedServer(of, {
            containerId: `c${index}`,
            containerName: name,
            // A port has one holder.
            state:
              found.slice(0, index).some((one) => isUp(one)) && isUp({ state }) ? 'exited' : state,
          }),
        );
        for (const kill of [...kills, Infinity]) {
          for (const operation of operations(containers, running).slice(0, kill)) {
            containers = carriedOut(operation, containers);
            expect(containers.filter(isUp).length).toBeLessThanOrEqual(1);
          }
        }
        expect(containers).toMatchObject([
          { containerName: spec.containerName, hash: serverHash(spec) },
        ]);
        expect(operations(containers, running)).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});

/** What an engine has after an operation. */
function carriedOut(
  operation: Operation,
  containers: readonly ObservedServer[],
): readonly ObservedServer[] {
  const is = (key: string) => (one: ObservedServer) =>
    one.containerId === key || one.containerName === key;
  const set = (key: string, change: Partial<ObservedServer>) => {
    if (!containers.some(is(key))) throw new Error(`there is no ${key}`);
    return containers.map((one) => (is(key)(one) ? { ...one, ...change } : one));
  };
  const start = (key: string) => {
    if (containers.some((one) => is(key)(one) && isLost(one))) throw new Error(`${key} is lost`);
    return set(key, { state: 'running' });
  };
  const without = (key: string) => containers.filter((one) => !is(key)(one));
  const made = (name: string, rest = containers) => {
    if (rest.some(is(name))) throw new Error(`the name ${name} is taken`);
    const created = { containerName: name, containerId: crypto.randomUUID() };
    return [...rest, observedServer(spec, { ...created, state: 'created' })];
  };
  switch (operation.type) {
    case 'server.create':
      return made(operation.server.containerName);
    case 'server.replace':
      return made(operation.server.containerName, without(operation.containerId));
    case 'server.stage':
      return made(operation.staged);
    case 'server.swap':
      containers = set(operation.containerId, { state: 'exited' });
      return start(operation.staged);
    case 'server.commit':
      containers = without(operation.containerId);
      return set(operation.staged, { containerName: operation.name });
    case 'server.rename':
      return set(operation.containerId, { containerName: operation.name });
    case 'server.start':
      return start(operation.containerId);
    case 'server.stop':
      return set(operation.containerId, { state: 'exited' });
    case 'server.remove':
      return without(operation.containerId);
    case 'server.update':
    case 'network.create':
    case 'network.remove':
      throw new Error(`unexpected ${operation.type}`);
  }
}
