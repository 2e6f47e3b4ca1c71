import type { Sink } from '../observe/sink.ts';

interface DocumentOptions {
  readonly json: boolean;
  /** Under `--json`: a document for each record, rather than one for all. */
  readonly perLine: boolean;
}

/**
 * Prints records as they come: as text, or under `--json` as one document `{"records": […]}`, or one per
 * line. None of them waits for the others.
 * Resolves to a result that says nothing more.
 */
export function documentsOf(sink: Sink, { json, perLine }: DocumentOptions) {
  return async <Item>(
    records: AsyncIterable<Item>,
    textOf: (record: Item) => string,
  ): Promise<object> => {
    const isOne = json && !perLine;
    if (isOne) await sink.write('{"records":[');
    let before = '\n';
    for await (const record of records) {
      const document = JSON.stringify(record);
      const text = isOne ? before + document : json ? `${document}\n` : textOf(record);
      if (!(await sink.write(text))) return {};
      before = ',\n';
    }
    if (isOne) await sink.write('\n]}\n');
    return {};
  };
}
