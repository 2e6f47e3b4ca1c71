import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { splitLines } from '../mcp/lines.ts';
import { childProcess } from './builtins.ts';
import { readCause, type Ending } from './ending.ts';
import type { Log } from './log.ts';
import { spawnAsOomVictim } from './oom.ts';
import { followStderr } from './stderr-tail.ts';
import { within } from './within.ts';

/** What to run. The child's environment is exactly `env`. */
export interface ChildCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly identity: { readonly uid: number; readonly gid: number } | null;
  /** Its stdout is messages, or more to log, as its stderr is. */
  readonly stdout: 'messages' | 'log';
}

/** The world a child lives in. */
export interface ChildSurroundings {
  readonly lineBytes: number;
  readonly clean: (text: string) => string;
  readonly printStderr: Log;
  readonly log: Log;
  readonly countOomKills: () => number;
  /** How long a child may take after its stdin ended, and again after SIGTERM, in ms. */
  readonly patience: { readonly eofMs: number; readonly termMs: number };
}

export interface ChildEvents {
  readonly onLine: (line: Buffer) => void;
  /** Called once, after the last line. */
  readonly onEnd: (ending: Ending) => void;
}

export interface Child {
  readonly pid: number | undefined;
  /** Writes one message, adding the newline. */
  write(line: Buffer): void;
  /** Bytes written that the child has not taken. */
  readonly backlog: number;
  /** Resolves when the child has taken what was written; undefined when it isn't behind. */
  drained(): Promise<void> | undefined;
  pause(): void;
  resume(): void;
  /** Ends stdin, then sends SIGTERM, then SIGKILL, to the whole process group; resolves when it is gone. */
  stop(cause: Ending['cause']): Promise<void>;
  /** Resolves after `onEnd`. */
  readonly ended: Promise<void>;
}

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

/** After the leader is gone its pipes may still hold output; somebody outside the group may hold them open. */
const outputAfterExitMs = 500;

/** A message up to this is copied together with its newline: one short write is cheaper than two joined ones. */
const smallBytes = 8192;

/** Starts a server in its own process group. A start that fails is an ending too, never an exception. */
export function startChild(
  command: ChildCommand,
  events: ChildEvents,
  surroundings: ChildSurroundings,
): Child {
  const { lineBytes, patience } = surroundings;
  const oomKillsBefore = surroundings.countOomKills();
  const output = { clean: surroundings.clean, print: surroundings.printStderr };
  const stderr = followStderr(output);
  const stdout = followStderr(output);
  let process: Process | undefined;
  let cause: Ending['cause'] | undefined;
  let stopping: Promise<void> | undefined;
  let isOver = false;
  /** Set when the output must be read to its end, whoever is slow. */
  let isFlowing = false;
  const ended = Promise.withResolvers<void>();

  const lines = splitLines({
    maxBytes: lineBytes,
    onLine: (line) => {
      if (isOver) return;
      try {
        events.onLine(line);
      } catch (error) {
        giveUp(error);
      }
    },
    onTooLong: () => void child.stop({ kind: 'line-too-long', lineBytes }),
  });

  /** Nobody knows what is left undone after a message that the bridge failed on; other servers go on. */
  const giveUp = (error: unknown): void => {
    if (cause) return;
    const what = error instanceof Error ? error.message : 'unknown error';
    surroundings.log(`a message of the MCP server could not be passed on: ${what}`);
    void child.stop({ kind: 'bridge-failed' });
  };

  const finish = (outcome: Ending['cause']): void => {
    if (isOver) return;
    lines.end();
    isOver = true;
    const [lastWords, said] = [stderr.last(), stdout.last()];
    events.onEnd({ cause: cause ?? outcome, stderr: lastWords.length > 0 ? lastWords : said });
    ended.resolve();
  };

  const child: Child = {
    get pid() {
      return process?.pid;
    },
    write: (line) => {
      const stdin = process?.stdin;
      if (!stdin?.writable) return;
      if (line.length <= smallBytes)
        return void stdin.write(`${line.toString('latin1')}\n`, 'latin1');
      stdin.cork();
      stdin.write(line);
      stdin.write('\n');
      stdin.uncork();
    },
    get backlog() {
      return process?.stdin.writableLength ?? 0;
    },
    drained: () => (process?.stdin.writableNeedDrain ? drain(process.stdin) : undefined),
    pause: () => {
      if (!isFlowing) process?.stdout.pause();
    },
    resume: () => void process?.stdout.resume(),
    stop: (reason) => {
      cause ??= reason;
      isFlowing = true;
      stopping ??= process && !isOver ? endGroup(process, ended.promise, patience) : ended.promise;
      return stopping;
    },
    ended: ended.promise,
  };

  const onExit = (leader: Process, outcome: Ending['cause']): void => {
    isFlowing = true;
    leader.stdout.resume();
    const late = setTimeout(() => {
      leader.stdout.destroy();
      leader.stderr.destroy();
      finish(outcome);
    }, outputAfterExitMs);
    leader.on('close', () => {
      clearTimeout(late);
      finish(outcome);
    });
  };

  const follow = (leader: Process): void => {
    leader.on('exit', (code, signal) => {
      // First of all the group: nothing may outlive its leader, nor keep its pipes open.
      killGroup(leader.pid, 'SIGKILL');
      onExit(leader, readCause(code, signal, surroundings.countOomKills() > oomKillsBefore));
    });
    if (command.stdout === 'log') leader.stdout.on('data', stdout.push);
    else followMessages(leader);
    leader.stderr.on('data', stderr.push);
    // A server that closes its pipes can neither hear nor answer; its exit says the rest.
    for (const pipe of [leader.stdin, leader.stdout, leader.stderr]) pipe.on('error', () => {});
  };

  const followMessages = (leader: Process): void => {
    leader.stdout.on('data', lines.push);
    leader.stdout.on('end', () => {
      void within(ended.promise, outputAfterExitMs).then((hasEnded) =>
        hasEnded ? undefined : child.stop({ kind: 'closed-output' }),
      );
    });
  };

  const onFailedStart = (error: unknown): void =>
    finish({ kind: 'unstartable', reason: reasonOf(error) });
  try {
    const leader = spawnAsOomVictim(() => spawnProcess(command));
    leader.on('error', (error) => leader.pid === undefined && onFailedStart(error));
    if (leader.pid !== undefined) {
      process = leader;
      follow(leader);
    }
  } catch (error) {
    queueMicrotask(() => onFailedStart(error));
  }
  return child;
}

function spawnProcess({ argv, cwd, env, identity }: ChildCommand): Process {
  const [file = '', ...rest] = argv;
  return childProcess().spawn(file, rest, {
    // The container starts in it. Changing there again would fail: it is the tenant's, and this process has no right in it.
    ...(cwd === process.cwd() ? {} : { cwd }),
    env: { ...env },
    ...(identity ? { uid: identity.uid, gid: identity.gid } : {}),
    detached: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function endGroup(
  process: Process,
  ended: Promise<void>,
  { eofMs, termMs }: ChildSurroundings['patience'],
): Promise<void> {
  process.stdin.end();
  process.stdout.resume();
  if (await within(ended, eofMs)) return;
  killGroup(process.pid, 'SIGTERM');
  if (await within(ended, termMs)) return;
  killGroup(process.pid, 'SIGKILL');
  await within(ended, 2 * outputAfterExitMs);
}

function drain(stdin: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.off('drain', done).off('close', done);
      resolve();
    };
    stdin.on('drain', done).on('close', done);
  });
}

/** A pid stays taken as long as its group has a member, so this never hits somebody else's group. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    globalThis.process.kill(-pid, signal);
  } catch {
    // The group is empty.
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'it is not a valid command';
}
