import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isGroupAlive, signalGroup } from '../host/process-group.ts';

/** Where signals go that tell mcpd to stop. */
export interface Signals {
  /** From now on they go to this listener, and abort nothing. */
  divert(listener: (name: NodeJS.Signals) => void): void;
}

export interface Command {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdio: StdioOptions;
  /**
   * Give it a process group of its own: signals go to all of it, and what of it is left is ended with it.
   * Not on a terminal, where the group decides who reads keys and who gets Ctrl-C.
   */
  readonly ownGroup: boolean;
  readonly signals: Signals;
  /** How long what was told to end may take, in milliseconds. */
  readonly graceMs?: number;
}

/** How a command ended, in the words of a shell. */
export interface Ended {
  /** Its exit code; 128 and the signal's number; 127 when there is no such command, 126 when it can't be started. */
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly problem: string | null;
}

const pollMs = 20;

/** Runs a command to its end. Told to stop, it gets the signal, and a few seconds later is killed. */
export async function runCommand(command: Command): Promise<Ended> {
  const { argv, env, stdio, ownGroup, signals, graceMs = 5_000 } = command;
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { env, stdio, detached: ownGroup });
  const send = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    if (ownGroup) signalGroup(child.pid, name);
    else child.kill(name);
  };
  let killing: NodeJS.Timeout | undefined;
  signals.divert((name) => {
    // A terminal has told the command already, which may make of Ctrl-C what it likes.
    if (name === 'SIGINT' && !ownGroup) return;
    send(name);
    killing ??= setTimeout(send, graceMs, 'SIGKILL');
  });
  try {
    return await ending(child, file);
  } finally {
    if (ownGroup && child.pid !== undefined) await endGroup(child.pid, graceMs);
    // Last: told to stop until here, it would kill whoever has that pid by then.
    clearTimeout(killing);
  }
}

function ending(child: ChildProcess, file: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => {
      const exitCode = signal === null ? (code ?? 0) : 128 + constants.signals[signal];
      resolve({ exitCode, signal, problem: null });
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) reject(error);
      else if (error.code === 'ENOENT')
        resolve(unstarted(127, `${file}: there is no such command`));
      else resolve(unstarted(126, `${file}: it can't be started (${error.code})`));
    });
  });
}

function unstarted(exitCode: number, problem: string): Ended {
  return { exitCode, signal: null, problem };
}

/** Ends what a command has left running. */
async function endGroup(group: number, graceMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isGroupAlive(group) || !signalGroup(group, signal)) return;
    const until = performance.now() + graceMs;
    while (isGroupAlive(group) && performance.now() < until) await delay(pollMs);
  }
}
