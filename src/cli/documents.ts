import type { Sink } from '../observe/sink.ts';

interface DocumentOptions {
  readonly json: boolean;
  /** Under `--json`: a document for each record, rather than one for all. */
  readonly perLine: boolean;
  /** Called when one document for all has begun: nothing else may be on stdout then. */
  readonly onBegun: () => void;
}

/**
 * Prints records as they come: as text, or under `--json` as one document `{"records": […]}`, or one per
 * line. None of them waits for the others.
 */
export function documentsOf(sink: Sink, { json, perLine, onBegun }: DocumentOptions) {
  return async <Item>(
    records: AsyncIterable<Item>,
    textOf: (record: Item) => string,
  ): Promise<void> => {
    if (json && !perLine) return writeOne(sink, records, onBegun);
    const toText = json ? (record: Item) => `${JSON.stringify(record)}\n` : textOf;
    for await (const record of records) {
      if (!(await sink.write(toText(record)))) return;
    }
  };
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
