import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { recordCommand } from '../audit/control.ts';
import { compareSnapshots, takeSnapshot, type Snapshot } from '../audit/snapshot.ts';
import type { Context } from '../context.ts';
import { McpdError, RefusedError } from '../errors.ts';

export interface CommandWords {
  /** Flags by their names only: values may be secrets. */
  readonly command: string;
  /** The first thing named: `bob`, `bob/filesystem`. */
  readonly object: string | undefined;
}

/** How a command ended: with a result, or an error. */
export type CommandEnd = { readonly result: unknown } | { readonly error: unknown };

/**
 * Watches a command that is to change something; the function it gives writes its record. In a home
 * that isn't there yet nothing is recorded unless the command makes it.
 */
export function watchCommand(context: Context, words: CommandWords): (end: CommandEnd) => void {
  const before = snapshot(context, words);
  return (end) => {
    if (!existsSync(context.home.registry)) return;
    try {
      const changes = [
        ...compareSnapshots(before, snapshot(context, words)),
        ...('result' in end ? settingOf(end.result) : []),
      ];
      recordCommand(context.registry, {
        time: new Date(context.clock.now()).toISOString(),
        actor: actorOf(context),
        command: words.command.slice(0, longest),
        object: words.object?.slice(0, longest) ?? null,
        ...outcomeOf(end),
        changes,
      });
    } catch {
      context.progress.notice('This command could not be recorded in the audit.');
    }
  };
}

const longest = 512;

function snapshot(context: Context, { object = '' }: CommandWords): Snapshot {
  if (!existsSync(context.home.registry)) return new Map();
  try {
    return takeSnapshot(context.registry, object.split('/', 1)[0] ?? '');
  } catch {
    // The command itself says what is wrong with the registry.
    return new Map();
  }
}

/** Only root is believed about sudo: anybody else may set that variable. */
function actorOf({ uid, env }: Context) {
  const sudoUser = uid === 0 ? env['SUDO_USER'] : undefined;
  return { user: nameOf(uid), uid, sudoUser: sudoUser?.slice(0, 64) || null };
}

/** What `config set` says of itself. */
function settingOf(result: unknown): { what: string; before: unknown; after: unknown }[] {
  const isSetting =
    typeof result === 'object' &&
    result !== null &&
    'key' in result &&
    'before' in result &&
    'value' in result;
  if (!isSetting || result.before === result.value) return [];
  return [{ what: `setting ${String(result.key)}`, before: result.before, after: result.value }];
}

/** An account may have no name. */
function nameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}

function outcomeOf(end: CommandEnd) {
  if ('result' in end) {
    const { result } = end;
    const isSaid = typeof result === 'object' && result !== null && 'changed' in result;
    const changed = isSaid && typeof result.changed === 'boolean' ? result.changed : null;
    return { outcome: 'ok' as const, code: null, changed };
  }
  const outcome = end.error instanceof RefusedError ? ('refused' as const) : ('failed' as const);
  const code = end.error instanceof McpdError ? end.error.code : null;
  return { outcome, code, changed: null };
}
