import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { endLeftovers } from '../../../src/bridge/leftovers.ts';

const tenant = 200_000;

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly state?: string;
}

function makeProc(entries: readonly Entry[]): string {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  for (const { pid, parent, uid, state = 'S (sleeping)' } of entries) {
    mkdirSync(join(proc, String(pid)));
    const uids = [uid, uid, uid, uid].join('\t');
    const status = `Name:\tx\nState:\t${state}\nPid:\t${pid}\nPPid:\t${parent}\nUid:\t${uids}\n`;
    writeFileSync(join(proc, String(pid), 'status'), status);
  }
  return proc;
}

const init = { pid: 1, parent: 0, uid: 0 };
const bridge = { pid: 7, parent: 1, uid: 0 };

/** Pids that are killed, in the order of the rounds; what is killed is gone. */
function killed(entries: readonly Entry[]): number[] {
  const proc = makeProc(entries);
  const pids: number[] = [];
  const kill = (pid: number): void => {
    pids.push(pid);
    rmSync(join(proc, String(pid)), { recursive: true });
  };
  endLeftovers({ uid: tenant, proc, kill });
  return pids.toSorted((one, other) => one - other);
}

test('what init adopted of the tenant is killed, with all that hangs on it', () => {
  const daemon = { pid: 20, parent: 1, uid: tenant };
  const itsChild = { pid: 21, parent: 20, uid: tenant };
  expect(killed([init, bridge, daemon, itsChild])).toEqual([20, 21]);
});

test('a server under the bridge, a command of exec and their children are let be', () => {
  const server = { pid: 10, parent: 7, uid: tenant };
  const itsChild = { pid: 11, parent: 10, uid: tenant };
  const command = { pid: 30, parent: 0, uid: tenant };
  const itsHelper = { pid: 31, parent: 30, uid: tenant };
  expect(killed([init, bridge, server, itsChild, command, itsHelper])).toEqual([]);
});

test('a process of another uid and one that has ended already are let be', () => {
  const ours = { pid: 40, parent: 1, uid: 0 };
  const zombie = { pid: 41, parent: 1, uid: tenant, state: 'Z (zombie)' };
  expect(killed([init, bridge, ours, zombie])).toEqual([]);
});

test('it gives up on what can’t be killed', () => {
  const proc = makeProc([init, bridge, { pid: 20, parent: 1, uid: tenant }]);
  let kills = 0;
  endLeftovers({ uid: tenant, proc, kill: () => (kills += 1) });
  expect(kills).toBe(50);
});
