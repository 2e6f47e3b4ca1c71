import { createInterface } from 'node:readline/promises';
import { CancelledError, UsageError } from '../errors.ts';

export interface PromptOptions {
  /** `--yes`: don't ask. */
  readonly yes: boolean;
  readonly signal?: AbortSignal;
  readonly stdin?: NodeJS.ReadStream;
  readonly stderr?: NodeJS.WriteStream;
}

/**
 * Asks on stderr; returns on yes, throws CancelledError on anything else. Where nobody can answer it
 * throws UsageError at once.
 */
export async function confirm(question: string, options: PromptOptions): Promise<void> {
  const { yes, stdin = process.stdin, stderr = process.stderr } = options;
  if (yes) return;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new UsageError(`${question} There is no terminal to ask on.`, {
      code: 'CONFIRMATION_NEEDED',
      suggestions: ['Add --yes to go ahead.'],
    });
  }
  if (!/^y(?:es)?$/i.test(await ask(`${question} [y/N] `, { stdin, stderr, ...options }))) {
    throw new CancelledError('Cancelled; nothing was changed.', { code: 'CANCELLED' });
  }
}

interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal?: AbortSignal;
}

async function ask(question: string, { stdin, stderr, signal }: Terminal): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  // readline takes Ctrl-C for itself; hand it on as if it hadn't.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    return await Promise.race([lines.question(question, signal ? { signal } : {}), ended]);
  } finally {
    lines.close();
  }
}
