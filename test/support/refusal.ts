import type { Run, Tenancy } from './tenancy.ts';

/** How a command failed, under `--json` and without. */
export interface Refusal {
  /** Exit codes, both ways. */
  readonly exits: readonly [number, number];
  /** The whole JSON document. */
  readonly document: {
    readonly error?: {
      readonly code: string;
      readonly message: string;
      readonly suggestions: readonly string[];
    };
  };
  readonly human: Run;
  /** Everything that was printed. */
  readonly output: string;
}

/** Runs a command that should fail both ways at once. `input` is its standard input. */
export async function refusal(
  tenancy: Tenancy,
  args: readonly string[],
  input = '',
): Promise<Refusal> {
  // What follows "--" is another program's.
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const [json, human] = await Promise.all([
    tenancy.run([...args.slice(0, end), '--json', ...args.slice(end)], input),
    tenancy.run(args, input),
  ]);
  return {
    exits: [json.code, human.code],
    document: parse(json),
    human,
    output: [json, human].map(({ stdout, stderr }) => stdout + stderr).join(''),
  };
}

function parse({ stdout, stderr, code }: Run): Refusal['document'] {
  try {
    return JSON.parse(stdout) as Refusal['document'];
  } catch {
    throw new Error(`exit ${code}, and no JSON document: ${stdout}${stderr}`);
  }
}
