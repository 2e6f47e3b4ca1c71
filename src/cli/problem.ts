import { diskFault } from '../disk-fault.ts';
import { exitCodes, McpdError, type Flaw } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Problem } from '../render/problem.ts';
import { asFlag, isTopic, otherWords } from './other-words.ts';

/** What was typed, and what could have been. */
export interface Invocation {
  readonly argv: readonly string[];
  /** Names of all commands: `user add`. */
  readonly commands: readonly string[];
}

export interface Reported extends Problem {
  readonly exitCode: number;
  /** Of a document, each with its place. */
  readonly problems?: readonly Flaw[] | undefined;
}

/** What went wrong when stdout had its document already: stderr tells of it, also under `--json`. */
export class LateError extends Error {
  constructor(cause: unknown) {
    super('an error after the answer', { cause });
  }
}

/** What to tell about an error, whatever was thrown: ours, the parser's, a schema's, or a bug. */
export function describeProblem(error: unknown, program: Invocation): Reported {
  if (error instanceof McpdError) {
    const { code, exitCode, problems } = error;
    const isUsage = exitCode === exitCodes.usage && error.suggestions.length === 0;
    const suggestions = isUsage ? [helpOf(program)] : error.suggestions;
    return { code, message: withoutFrame(error.message), suggestions, exitCode, problems };
  }
  if (isParserError(error)) return describeParserError(error, program);
  if (isSchemaError(error)) return describeSchemaError(error, program);
  const fault = diskFault(error);
  return fault ? describeProblem(fault, program) : describeBug(error);
}

/** oclif's errors carry `oclif.exit`; those of its parser and of an unknown command exit with 2. */
interface ParserError extends Error {
  readonly oclif: { readonly exit?: number };
  /** Arguments that are missing, on that kind of error. */
  readonly args?: readonly { readonly name: string; readonly description?: string }[] | string[];
  /** Flags there are not, on that kind of error: `--memry=1g`. */
  readonly flags?: readonly string[];
  readonly parse?: {
    readonly input?: { readonly flags: Readonly<Record<string, unknown>> };
    readonly output?: { readonly flags: Readonly<Record<string, unknown>> };
  };
}

function isParserError(error: unknown): error is ParserError {
  return (
    error instanceof Error &&
    'oclif' in error &&
    (error as ParserError).oclif.exit === exitCodes.usage
  );
}

function describeParserError(error: ParserError, program: Invocation): Reported {
  const { argv, commands } = program;
  const message = withFlag(withoutValues(error));
  const usage = { code: 'USAGE', exitCode: exitCodes.usage };
  const words = leadingWords(argv);
  if (/^command .+ not found$/s.test(message)) {
    // A command without arguments that got one is looked up by all its words.
    const known = commands.find((command) => words.join(' ').startsWith(`${command} `));
    if (known !== undefined) {
      const rest = words.slice(known.split(' ').length);
      return {
        ...usage,
        message: `Unexpected argument: ${rest.join(' ')}.`,
        suggestions: [...asFlag(known, rest), helpOf(program)],
      };
    }
    return { ...usage, ...describeUnknown(words, program) };
  }
  return {
    ...usage,
    message:
      missingArguments(error) ?? (error.flags ? unknownFlags(error.flags) : sentence(message)),
    suggestions: [...nearestFlags(error), ...argumentAsFlag(error, words), helpOf(program)],
  };
}

function describeUnknown(
  words: readonly string[],
  { argv, commands }: Invocation,
): Pick<Problem, 'message' | 'suggestions'> {
  const [first] = words;
  if (first === undefined) {
    const [flag = ''] = argv;
    const close = flag.startsWith('-v') ? ['mcpd --version'] : [];
    return {
      message: unknownFlags([flag]),
      suggestions: [...close, 'mcpd --help'],
    };
  }
  const two = words.slice(0, 2).join(' ');
  const known = otherWords(words, commands);
  const close = known.length > 0 ? known : nearest(two, commands);
  const isVerb = isTopic(first, commands) || (known.length === 0 && close.length > 0);
  return {
    message: `There is no command "${isVerb ? two : first}".`,
    suggestions: [...close.map((command) => `mcpd ${command}`), 'mcpd --help'],
  };
}

/** The help of the command that was typed. */
function helpOf({ argv, commands }: Invocation): string {
  const words = leadingWords(argv);
  const named = [2, 1].map((count) => words.slice(0, count).join(' '));
  const command = named.find((name) => commands.includes(name));
  return command === undefined ? 'mcpd --help' : `mcpd ${command} --help`;
}

/** oclif puts a frame around the message of whatever a flag's parser throws. */
function withoutFrame(message: string): string {
  return message
    .replace(/^Parsing --\S+ \n\t/, '')
    .replace(/\n*See more help with --help$/, '')
    .trim();
}

/** The parser's own message, with the flag that it is about. */
function withFlag(message: string): string {
  const [, flag] = /^Parsing (--[\w-]+) \n\t/.exec(message) ?? [];
  const reason = withoutFrame(message);
  return flag === undefined ? reason : `${flag}: ${reason.replace(/^Expected/, 'expected')}`;
}

function missingArguments({ message, args = [] }: ParserError): string | undefined {
  if (!message.startsWith('Missing ')) return undefined;
  const names = args.map((one) => (typeof one === 'string' ? one : one.name.toUpperCase()));
  return `Missing ${names.length === 1 ? 'argument' : 'arguments'} ${names.join(', ')}.`;
}

/** Of an argument too many. */
function argumentAsFlag({ message, args = [] }: ParserError, words: readonly string[]): string[] {
  const extra = args.filter((one) => typeof one === 'string');
  return message.startsWith('Unexpected ') ? asFlag(words[0] ?? '', extra) : [];
}

/** By their names: what follows may be a secret. */
function unknownFlags(flags: readonly string[]): string {
  return `Unknown flag${flags.length === 1 ? '' : 's'}: ${flags.map(flagName).join(', ')}.`;
}

function flagName(word: string): string {
  return word.startsWith('--') ? word.replace(/=.*$/s, '') : word.slice(0, 2);
}

function nearestFlags({ flags = [], parse }: ParserError): string[] {
  const known = Object.keys(parse?.input?.flags ?? {});
  const close = flags.flatMap((flag) => nearest(flagName(flag).replace(/^-*/, ''), known));
  return close.length === 0 ? [] : [`Did you mean ${close.map((one) => `--${one}`).join(' or ')}?`];
}

/** The parser repeats flags with their values, which may be secrets. */
function withoutValues({ message, parse }: ParserError): string {
  const given = Object.entries(parse?.output?.flags ?? {});
  return given
    .reduce(
      (text, [name, value]) => text.replaceAll(`--${name}=${String(value)}`, `--${name}`),
      message,
    )
    .replace(/^(Expected --[\w-]+)=.*(?= to be one of: )/s, '$1');
}

function sentence(message: string): string {
  const text = message
    .replace(/^The following errors? occurred:\s+/, '')
    .replaceAll(/Missing required flag (\S+)/g, 'Missing flag --$1');
  return /[.\n]$/.test(text) ? text : `${text}.`;
}

function leadingWords(argv: readonly string[]): string[] {
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

function describeSchemaError({ issues }: SchemaError, program: Invocation): Reported {
  const reasons = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return {
    code: 'INVALID_INPUT',
    message: reasons.join('; '),
    suggestions: [helpOf(program)],
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
