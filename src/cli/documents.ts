import type { Sink } from '../observe/sink.ts';

/** Records, and how each reads. */
export interface Stream<Item> {
  readonly records: AsyncIterable<Item>;
  readonly textOf: (record: Item) => string;
  /** Under `--json`: a document for each record, rather than one for all. */
  readonly perLine: boolean;
}

interface WriteOptions {
  readonly json: boolean;
  /** Called when one document for all has begun: nothing else may be on stdout then. */
  readonly onBegun: () => void;
}

/**
 * Writes records as they come: as text, or under `--json` as one document `{"records": […]}`, or one per
 * line. None of them waits for the others. Throws what reading the records throws.
 */
export async function writeDocuments<Item>(
  sink: Sink,
  { records, textOf, perLine }: Stream<Item>,
  { json, onBegun }: WriteOptions,
): Promise<void> {
  if (json && !perLine) return writeOne(sink, records, onBegun);
  const toText = json ? (record: Item) => `${JSON.stringify(record)}\n` : textOf;
  for await (const record of records) {
    if (!(await sink.write(toText(record)))) return;
  }
}

/** Begins with the first record: what fails before it is told instead. What fails later ends the document. */
async function writeOne(
  sink: Sink,
  records: AsyncIterable<unknown>,
  onBegun: () => void,
): Promise<void> {
  const head = '{"records":[\n';
  const tail = '\n]}\n';
  let before = head;
  try {
    for await (const record of records) {
      onBegun();
      if (!(await sink.write(before + JSON.stringify(record)))) return;
      before = ',\n';
    }
  } catch (error) {
    if (before !== head) await sink.write(tail);
    throw error;
  }
  onBegun();
  await sink.write(before === head ? '{"records":[\n]}\n' : tail);
}
