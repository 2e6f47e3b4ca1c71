import type { Sink } from '../observe/sink.ts';

interface DocumentOptions {
  readonly json: boolean;
  readonly follow: boolean;
}

/**
 * Prints records as they come: as text, under `--json` as one document `{"records": […]}`, and when it
 * goes on as a document per line. None of them waits for the others.
 * Resolves to a result that says nothing more.
 */
export function documentsOf(sink: Sink, { json, follow }: DocumentOptions) {
  return async <Item>(
    records: AsyncIterable<Item>,
    textOf: (record: Item) => string,
  ): Promise<object> => {
    const isOne = json && !follow;
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
