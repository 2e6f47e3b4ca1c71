import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginDraft, endDraft } from '../../../../src/bridge/records/draft.ts';

const text = fc.string({ unit: 'binary' });
const size = fc.nat();

test('the text of a record says the record, and nothing else', () => {
  const opening = fc.record({
    time: text,
    requestId: text,
    user: text,
    server: text,
    token: fc.record({ id: text, subject: text }, { noNullPrototype: true }),
    method: text,
    target: fc.option(text),
    shape: fc.jsonValue(),
    bytesIn: size,
  });
  const ending = fc.record({
    session: fc.option(text),
    outcome: fc.constantFrom('ok' as const, 'error', 'refused', 'cancelled', 'lost'),
    code: fc.constantFrom(null, 'isError' as const, -32_603),
    ms: size,
    bytesOut: size,
  });
  fc.assert(
    fc.property(opening, ending, (asked, answered) => {
      const { record, text: json } = endDraft(beginDraft(asked), answered);
      expect({ ...asked, ...answered }).toEqual(record);
      expect(JSON.parse(`${json}}`)).toEqual(JSON.parse(JSON.stringify(record)));
    }),
  );
});
