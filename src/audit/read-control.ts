import type { Context } from '../context.ts';
import { controlFile, controlFiles } from './control-files.ts';
import { followedLines, pastLines } from './lines.ts';
import type { ControlLine } from './result.ts';

interface ControlRequest {
  readonly follow: boolean;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  readonly failed: boolean;
}

/** The commands that were to change something, oldest first. */
export async function* readControl(
  { home, signal }: Context,
  { follow, since, until, failed }: ControlRequest,
): AsyncGenerator<ControlLine> {
  const lines = follow
    ? followedLines(home.audit, controlFiles, { current: controlFile, signal })
    : pastLines(home.audit, controlFiles);
  for await (const line of lines) {
    const record = parse(line);
    if (!record) continue;
    const at = Date.parse(record.time);
    if ((since !== undefined && at < since) || (until !== undefined && at >= until)) continue;
    if (!failed || record.outcome !== 'ok') yield record;
  }
}

function parse(line: string): ControlLine | undefined {
  try {
    return JSON.parse(line) as ControlLine;
  } catch {
    return undefined;
  }
}
