import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { format } from 'prettier';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What it is compared with; empty when with nothing. */
  readonly against: string;
  readonly budget: string;
  readonly verdict: 'met' | 'over' | '';
}

interface Comparison {
  readonly what: string;
  readonly ms: number;
  readonly against: string;
  readonly againstMs: number;
  /** Most that `ms` may be of `againstMs`. */
  readonly budget: number;
}

/** A row that compares two times by their ratio. */
export function ratioRow({ what, ms, against, againstMs, budget }: Comparison): Row {
  const ratio = ms / againstMs;
  return {
    what,
    measured: `${Math.round(ms)} ms, ${ratio.toFixed(2)}×`,
    against: `${against}: ${Math.round(againstMs)} ms`,
    budget: `≤ ${budget}×`,
    verdict: ratio <= budget ? 'met' : 'over',
  };
}

/** The table as Markdown, with a line about the machine and what else took part, with its version. */
export function renderReport(rows: readonly Row[], others: readonly string[]): Promise<string> {
  const lines = rows.map(
    ({ what, measured, against, budget, verdict }) =>
      `| ${[what, measured, against, budget, verdict].join(' | ')} |`,
  );
  const table = ['| what | measured | against | budget | |', '| --- | --- | --- | --- | --- |'];
  const text = [...table, ...lines, '', `Measured on ${machine(others)}.`].join('\n');
  return format(text, { parser: 'markdown', printWidth: 100, proseWrap: 'preserve' });
}

/** Puts the report between the markers of a document: `<!-- bench -->` and `<!-- benchstop -->`. */
export async function writeReport(file: string, marker: string, report: string): Promise<void> {
  const [start, end] = [`<!-- ${marker} -->`, `<!-- ${marker}stop -->`];
  const text = await readFile(file, 'utf8');
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before === -1 || after < before) throw new Error(`${file} has no place for the table`);
  await writeFile(
    file,
    `${text.slice(0, before + start.length)}\n\n${report}\n${text.slice(after)}`,
  );
}

/** Says so on stderr when others use the machine now. */
export function warnWhenBusy(): void {
  const busy = loadavg()[0] ?? 0;
  if (busy <= 1) return;
  process.stderr.write(`This machine is busy (load ${busy.toFixed(1)}): measure again.\n`);
}

function machine(others: readonly string[]): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const linux = release().split('.').slice(0, 2).join('.');
  const { node } = process.versions;
  const parts = [`${cpus().length} cores`, `${memory} GiB`, `Linux ${linux}`, `Node ${node}`];
  return [...parts, ...others].join(', ');
}
