import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand, type Signals } from '../../../src/run/command.ts';

let folder: string;
let output: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpd-unit-'));
  output = openSync(join(folder, 'output'), 'w');
});

afterEach(() => {
  closeSync(output);
  rmSync(folder, { recursive: true });
});

const printed = () => readFileSync(join(folder, 'output'), 'utf8').trim();

/** Hands a signal on as mcpd gets it. */
class Told implements Signals {
  #listener: (name: NodeJS.Signals) => void = () => undefined;

  divert(listener: (name: NodeJS.Signals) => void): void {
    this.#listener = listener;
  }

  tell(name: NodeJS.Signals): void {
    this.#listener(name);
  }
}

function run(argv: readonly string[], { signals = new Told(), ownGroup = true } = {}) {
  const stdio = ['ignore' as const, output, 'ignore' as const];
  return runCommand({ argv, env: process.env, stdio, ownGroup, signals, graceMs: 300 });
}

const sh = (script: string) => ['sh', '-c', script];

/** Runs a script that says when it is ready, and then tells it. */
async function tellWhenReady(script: string, name: NodeJS.Signals, ownGroup = true) {
  const signals = new Told();
  const running = run(sh(script), { signals, ownGroup });
  await expect.poll(printed).toContain('ready');
  signals.tell(name);
  return running;
}

function isAlive(pid: number): boolean {
  const stat = (() => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8');
    } catch {
      return 'X';
    }
  })();
  return !/^\d+ \(.*\) [ZX]|^X/.test(stat);
}

describe('a command', () => {
  test.each([
    ['its exit code', sh('exit 7'), { exitCode: 7, signal: null, problem: null }],
    ['128 and its signal', sh('kill -9 $$'), { exitCode: 137, signal: 'SIGKILL', problem: null }],
    ['127 where there is none', ['no-such-command'], { exitCode: 127, signal: null }],
    ['126 where it is none', ['/etc/passwd'], { exitCode: 126, signal: null }],
  ])('ends with %s', async (_what, argv, ended) => {
    expect(await run(argv)).toMatchObject(ended);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is told of %s, with all that it started, and decides how it ends',
    async (name) => {
      const script = `trap 'exit 9' ${name.slice(3)}; echo ready; sleep 60 & wait; sleep 60`;
      expect(await tellWhenReady(script, name)).toMatchObject({ exitCode: 9, signal: null });
    },
  );

  test('that does not mind being told to stop is killed after a while', async () => {
    const script = `trap '' TERM; echo ready; while :; do sleep 1; done`;
    expect(await tellWhenReady(script, 'SIGTERM')).toMatchObject({ exitCode: 137 });
  });

  test('on a terminal makes of Ctrl-C what it likes: it has it already', async () => {
    const script = 'echo ready; sleep 0.5; exit 4';
    expect(await tellWhenReady(script, 'SIGINT', false)).toMatchObject({ exitCode: 4 });
  });

  test.each([
    ['', ''],
    [' that minds no signal', `trap '' TERM; `],
  ])('takes with it what it leaves running%s', async (_what, trap) => {
    const left = `sh -c "${trap}while :; do sleep 1; done" & echo $!`;
    expect(await run(sh(`${left}; exit 3`))).toMatchObject({ exitCode: 3 });
    expect(printed()).toMatch(/^\d+$/);
    expect(isAlive(Number(printed()))).toBe(false);
  });
});
