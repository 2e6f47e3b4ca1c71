import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { bounded } from '../audit/bounded.ts';
import { changesSince, noteBegun, type BegunCommand } from '../audit/begun.ts';
import { recordCommand, recordKilled } from '../audit/control.ts';
import type { ControlLine } from '../audit/result.ts';
import { takeSnapshot } from '../audit/snapshot.ts';
import type { Context } from '../context.ts';
import { McpdError, RefusedError } from '../errors.ts';
import { callerOf } from '../host/caller.ts';
import { currentHolder, isAlive } from '../registry/processes.ts';
import type { CommandWords } from './words.ts';

/** How a command ended: with a result, which may tell of failures and then has a code, or an error. */
export type CommandEnd =
  { readonly result: unknown; readonly code?: string | undefined } | { readonly error: unknown };

/** What a record needs of the world. */
export type Watched = Pick<Context, 'registry' | 'clock' | 'uid' | 'env' | 'progress'>;

export interface Recorder {
  /** What there is now was made by the command, and is said to have been, even when it takes it away again. */
  witness(): void;
  /** Writes the record. */
  end(end: CommandEnd): void;
}

/**
 * Notes that a command which is to change something begins, so that it leaves a trace even when it is
 * killed. Throws what the registry throws: nothing is changed that can't be recorded.
 */
export function watchCommand(
  world: Watched,
  { command, object, subjects }: Pick<CommandWords, 'command' | 'object' | 'subjects'>,
): Recorder {
  const { registry, clock, progress } = world;
  recordKilled(registry, isAlive);
  const begun: BegunCommand = {
    id: randomUUID(),
    since: clock.now(),
    actor: callerOf(world),
    command: command.slice(0, longest),
    object: object?.slice(0, longest) ?? null,
    subjects,
    before: takeSnapshot(registry, subjects),
  };
  noteBegun(registry, begun, currentHolder());
  let { before } = begun;
  const witnessed: Changes = [];
  return {
    witness: () => {
      witnessed.push(...changesSince(registry, { subjects, before }));
      before = takeSnapshot(registry, subjects);
    },
    end: (end) => {
      try {
        recordCommand(registry, {
          time: new Date(clock.now()).toISOString(),
          id: begun.id,
          began: new Date(begun.since).toISOString(),
          actor: begun.actor,
          command: begun.command,
          object: begun.object,
          ...outcomeOf(end),
          changes: bounded([
            ...witnessed,
            ...changesSince(registry, { subjects, before }),
            ...('result' in end ? [...settingOf(end.result), ...operationsOf(end.result)] : []),
          ]),
        });
      } catch {
        progress.notice('How this command ended could not be recorded in the audit.');
      }
    },
  };
}

type Changes = ControlLine['changes'];

const longest = 512;

/** What `config set` says of itself. */
function settingOf(result: unknown): Changes {
  const isSetting =
    typeof result === 'object' &&
    result !== null &&
    'key' in result &&
    'before' in result &&
    'value' in result;
  if (!isSetting || result.before === result.value) return [];
  return [{ what: `setting ${String(result.key)}`, before: result.before, after: result.value }];
}

const operation = z.object({ type: z.string(), subject: z.string(), cause: z.string() });
const ofEverybody = z.object({ users: z.array(z.object({ operations: z.array(operation) })) });
const ofDocument = z.object({ operations: z.array(operation.extend({ outcome: z.string() })) });

/** What was done to containers and the like, as `up` and `down` say; and what became of it, as `apply` does. */
function operationsOf(result: unknown): Changes {
  const users = ofEverybody.safeParse(result).data?.users ?? [];
  const done = users.flatMap(({ operations }) =>
    operations.map((one) => ({ ...one, outcome: 'done' })),
  );
  const tried = ofDocument.safeParse(result).data?.operations ?? [];
  return [...done, ...tried].map(({ type, subject, cause, outcome }) => ({
    what: `${type} ${subject}`,
    before: cause,
    after: outcome,
  }));
}

function outcomeOf(end: CommandEnd) {
  if ('result' in end) {
    const { result } = end;
    const isSaid = typeof result === 'object' && result !== null && 'changed' in result;
    const changed = isSaid && typeof result.changed === 'boolean' ? result.changed : null;
    const { code = null } = end;
    return { outcome: code === null ? ('ok' as const) : ('failed' as const), code, changed };
  }
  const outcome = end.error instanceof RefusedError ? ('refused' as const) : ('failed' as const);
  const code = end.error instanceof McpdError ? end.error.code : null;
  return { outcome, code, changed: null };
}
