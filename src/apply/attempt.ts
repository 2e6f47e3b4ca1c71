import type * as z from 'zod';
import {
  ConflictError,
  exitCodes,
  NotFoundError,
  RefusedError,
  UsageError,
  type McpdError,
} from '../errors.ts';
import type { operationResult } from '../reconcile/result.ts';
import { knownError, messageOf } from '../user/each.ts';
import type { ApplyFailure, ApplyRow } from './result.ts';

type Operation = z.infer<typeof operationResult>;

/** What fails as a whole, and what is to be done for it, in order. */
export interface Task extends Pick<ApplyFailure, 'kind' | 'name'> {
  readonly operations: readonly Operation[];
}

/** Is told what became of an operation, when that is known. */
export type Report = (operation: Operation, outcome: 'done' | 'failed') => void;

export interface Attempted {
  readonly rows: readonly ApplyRow[];
  readonly failure?: Pick<Task, 'kind' | 'name'> & { readonly error: unknown };
}

/**
 * Tries something. When it fails, the first operation that nothing was reported of has failed, and those
 * behind it were not tried. After Ctrl-C its reason is thrown.
 */
export async function attempt(
  signal: AbortSignal,
  { kind, name, operations }: Task,
  act: (report: Report) => Promise<unknown>,
): Promise<Attempted> {
  const reported = new Map<Operation, 'done' | 'failed'>();
  try {
    await act((operation, outcome) => reported.set(operation, outcome));
    return { rows: operations.map((operation) => ({ ...operation, outcome: 'done' })) };
  } catch (error) {
    signal.throwIfAborted();
    const failed = operations.find((operation) => !reported.has(operation));
    const rows = operations.map((operation): ApplyRow => {
      const outcome = reported.get(operation) ?? (operation === failed ? 'failed' : 'not-tried');
      return { ...operation, outcome };
    });
    return { rows, failure: { kind, name, error } };
  }
}

/**
 * Whether anything is another than before, or may be: of what fails on its way, such as a server that doesn't get
 * ready, something is done.
 */
export function hasChanged({ rows, failure }: Attempted): boolean {
  if (rows.some(({ outcome }) => outcome === 'done')) return true;
  return failure !== undefined && failure.kind !== 'template' && !isRefusal(failure.error);
}

/** Whether something was said no to before it was begun. */
function isRefusal(error: unknown): boolean {
  const kinds = [UsageError, NotFoundError, ConflictError, RefusedError];
  if (kinds.some((kind) => error instanceof kind)) return true;
  return knownError(error)?.code === 'IMAGE_BUILD_FAILED';
}

/** What failed, as a result tells it. */
export function failuresOf(attempts: readonly Attempted[]): ApplyFailure[] {
  return attempts.flatMap(({ failure }) => {
    if (!failure) return [];
    const { kind, name, error } = failure;
    const { code, suggestions } = knownError(error) ?? { code: 'UNEXPECTED', suggestions: [] };
    return [{ kind, name, code, problem: messageOf(error), suggestions: [...suggestions] }];
  });
}

/** How a command ends of whose so many things some failed: as the only one did; undefined: well. */
export function endingOf(
  attempts: readonly Attempted[],
  total: number,
): Pick<McpdError, 'exitCode' | 'code'> | undefined {
  const failure = attempts.find((one) => one.failure)?.failure;
  if (!failure) return undefined;
  if (total > 1) return { exitCode: exitCodes.partial, code: 'PARTIAL_FAILURE' };
  return knownError(failure.error) ?? { exitCode: exitCodes.unexpected, code: 'UNEXPECTED' };
}
