import type { Context } from '../context.ts';
import { isAlive } from '../registry/processes.ts';
import { listKilled } from './begun.ts';
import { unfinished } from './control.ts';
import { controlFile, controlFiles } from './control-files.ts';
import { openLines } from './lines.ts';
import type { ControlLine } from './result.ts';

interface ControlRequest {
  readonly follow: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly failed: boolean;
}

/** The commands that were to change something, oldest first. */
export async function* readControl(
  context: Context,
  { follow, since, until, failed }: ControlRequest,
): AsyncGenerator<ControlLine> {
  const isMeant = ({ time, outcome }: ControlLine): boolean => {
    const at = Date.parse(time);
    const isWithin = (since === undefined || at >= since) && (until === undefined || at < until);
    return isWithin && (!failed || outcome !== 'ok');
  };
  for await (const record of recorded(context, follow)) if (isMeant(record)) yield record;
  // Written by the next command that changes something.
  for (const killed of listKilled(context.registry, isAlive)) {
    const record = { ...unfinished(context.registry, killed), previous: null, hash: null };
    if (isMeant(record)) yield record;
  }
}

async function* recorded({ home, signal }: Context, follow: boolean): AsyncGenerator<ControlLine> {
  await using lines = await openLines(home.audit, { select: controlFiles, current: controlFile });
  yield* parsed(lines.past());
  if (follow) yield* parsed(lines.news(signal));
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<ControlLine> {
  for await (const line of lines) {
    const record = parse(line);
    if (record) yield record;
  }
}

function parse(line: string): ControlLine | undefined {
  try {
    return JSON.parse(line) as ControlLine;
  } catch {
    return undefined;
  }
}
