/** The exit codes of every command, the same in human and `--json` mode. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  engineUnreachable: 5,
  unhealthy: 6,
  partial: 7,
  refused: 8,
  cancelled: 130,
} as const;

/** Something that is wrong with a document, and where. */
export interface Flaw {
  /** From 1, as the column is. */
  readonly line: number;
  readonly column: number;
  /** Keys and indices that lead to it: `['users', 'bob', 'servers', 0]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface ErrorDetails {
  /** SCREAMING_SNAKE identifier for scripts. */
  code: string;
  /** What the user can do next, one sentence or command each. */
  suggestions?: string[];
  /** Of a document; the message may name the first of many only. */
  problems?: readonly Flaw[];
  cause?: unknown;
}

/**
 * A problem the user can act on. oclif reads `oclif.exit` in human mode and `exitCode` under `--json`,
 * and prints `code` and `suggestions`. Enumerable fields are printed: never hang a secret on an error.
 */
export abstract class McpdError extends Error {
  readonly code: string;
  readonly suggestions: string[];
  readonly problems: readonly Flaw[] | undefined;
  abstract readonly exitCode: number;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.suggestions = details.suggestions ?? [];
    this.problems = details.problems;
  }

  get oclif(): { exit: number } {
    return { exit: this.exitCode };
  }
}

/** The command line, a settings file or a template says something that cannot be. */
export class UsageError extends McpdError {
  readonly exitCode = exitCodes.usage;
}

/** A user, server, secret, token or template that is not there. */
export class NotFoundError extends McpdError {
  readonly exitCode = exitCodes.notFound;
}

/** Something is taken, exhausted, different from what was asked for, or locked by another command. */
export class ConflictError extends McpdError {
  readonly exitCode = exitCodes.conflict;
}

/** No engine answers. */
export class EngineUnreachableError extends McpdError {
  readonly exitCode = exitCodes.engineUnreachable;
}

/** A server did not become ready in time, exited, or loops. */
export class UnhealthyError extends McpdError {
  readonly exitCode = exitCodes.unhealthy;
}

/** Some targets of a bulk operation failed; the message names each. */
export class PartialFailureError extends McpdError {
  readonly exitCode = exitCodes.partial;
}

/** A policy, a quota or a guarantee that cannot be enforced here forbids it. */
export class RefusedError extends McpdError {
  readonly exitCode = exitCodes.refused;
}

/** The user said no, or pressed Ctrl-C. */
export class CancelledError extends McpdError {
  readonly exitCode = exitCodes.cancelled;
}

/** The engine answered with an error that no caller handles. */
export class EngineError extends McpdError {
  readonly exitCode = exitCodes.unexpected;
}
