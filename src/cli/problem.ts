import { exitCodes, McpdError } from '../errors.ts';
import type { Problem } from '../render/problem.ts';

export interface Reported extends Problem {
  readonly exitCode: number;
}

/** What to tell about an error, whatever was thrown: ours, the parser's, a schema's, or a bug. */
export function describeProblem(error: unknown, argv: readonly string[]): Reported {
  if (error instanceof McpdError) {
    const { code, message, suggestions, exitCode } = error;
    return { code, message, suggestions, exitCode };
  }
  if (isParserError(error)) return describeParserError(error, argv);
  if (isSchemaError(error)) return describeSchemaError(error);
  return describeBug(error);
}

/** oclif's errors carry `oclif.exit`; those of its parser and of an unknown command exit with 2. */
interface ParserError extends Error {
  readonly oclif: { readonly exit?: number };
}

function isParserError(error: unknown): error is ParserError {
  return (
    error instanceof Error &&
    'oclif' in error &&
    (error as ParserError).oclif.exit === exitCodes.usage
  );
}

function describeParserError(error: ParserError, argv: readonly string[]): Reported {
  const message = error.message.replace(/\n*See more help with --help$/, '').trim();
  const usage = { code: 'USAGE', exitCode: exitCodes.usage };
  if (/^command \S+ not found$/.test(message)) {
    return {
      ...usage,
      message: `There is no command "${commandWords(argv).join(' ')}".`,
      suggestions: ['mcpd --help'],
    };
  }
  const sentence = message.replace(/^Nonexistent flag/, 'Unknown flag');
  return {
    ...usage,
    message: /[.:\n]/.test(sentence) ? sentence : `${sentence}.`,
    suggestions: [`mcpd ${commandWords(argv).slice(0, 2).join(' ')} --help`],
  };
}

function commandWords(argv: readonly string[]): string[] {
  const end = argv.findIndex((word) => word.startsWith('-'));
  return argv.slice(0, end === -1 ? undefined : end);
}

interface SchemaError extends Error {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function isSchemaError(error: unknown): error is SchemaError {
  return (
    error instanceof Error && 'issues' in error && Array.isArray((error as SchemaError).issues)
  );
}

function describeSchemaError({ issues }: SchemaError): Reported {
  const reasons = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return {
    code: 'INVALID_INPUT',
    message: reasons.join('; '),
    suggestions: [],
    exitCode: exitCodes.usage,
  };
}

function describeBug(error: unknown): Reported {
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'UNEXPECTED',
    message: `${message || 'an error without a message'} (this should not happen)`,
    suggestions: [
      'Run it again with MCPD_DEBUG=1 to see where, and report it with the output of mcpd doctor --json.',
    ],
    exitCode: exitCodes.unexpected,
  };
}
