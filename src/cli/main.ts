import { run } from '@oclif/core/run';
import { openProgram } from './program.ts';
import { describeProblem, LateError, type Invocation, type Reported } from './problem.ts';
import { catchStrays } from './strays.ts';

/**
 * Runs one command. `root` is the package's folder. A result has been printed by the command; an error is
 * printed here, for every command alike. Sets the exit code, and gives the command's id when all went well.
 */
export async function main(argv: readonly string[], root: string): Promise<string | undefined> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv];
  const program = await openProgram(root);
  const tell = (error: unknown) => report(error, { argv: words, commands: program.names });
  const strays = catchStrays(tell);
  try {
    await run(words, { root, plugins: new Map([[program.name, program]]) });
  } catch (error) {
    if (isExit(error)) process.exitCode = error.oclif.exit;
    else await tell(error);
  }
  await taken(process.stdout);
  await strays.told;
  return process.exitCode ? undefined : program.loaded;
}

/** Resolves when the reader has all that was written: a pipe takes no more than 64 KiB at once. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

async function report(thrown: unknown, invocation: Invocation): Promise<void> {
  const isLate = thrown instanceof LateError;
  const error = isLate ? thrown.cause : thrown;
  const problem = describeProblem(error, invocation);
  process.exitCode = problem.exitCode;
  const isHeard = problem.code !== 'OUTPUT_UNWRITABLE' && !isLate;
  if (wantsJson(invocation.argv) && isHeard) printJson(problem);
  else if (problem.code === 'INTERRUPTED') process.stderr.write('\n');
  else await printProblem(problem);
  if (process.env['MCPD_DEBUG'] && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
}

async function printProblem(problem: Reported): Promise<void> {
  const [{ renderProblem }, { styleFor }] = await Promise.all([
    import('../render/problem.ts'),
    import('../render/style.ts'),
  ]);
  process.stderr.write(`${renderProblem(problem, styleFor(process.stderr, process.env))}\n`);
}

/** On one line, as whoever reads a stream of them needs it. */
function printJson({ code, message, suggestions, problems }: Reported): void {
  const document = { error: { code, message, suggestions, problems } };
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

/** Whether `--json` was given before any `--`: what follows belongs to another program. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** oclif's way of ending after `--help` or `--version`. */
function isExit(error: unknown): error is { oclif: { exit: number } } {
  return error instanceof Error && 'code' in error && error.code === 'EEXIT' && 'oclif' in error;
}
