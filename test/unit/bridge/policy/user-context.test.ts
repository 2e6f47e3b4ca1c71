import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextHeaders, withUserContext } from '../../../../src/bridge/policy/user-context.ts';
import { parseBody, type ClientMessage } from '../../../../src/mcp/body.ts';

const context = {
  user: 'bob',
  userId: 'u1',
  groups: ['staff'],
  scopes: ['tools:call'],
  requestId: 'r',
};
const own = `"mcpd/userContext":${JSON.stringify(context)}`;

function read(json: string): ClientMessage {
  const parsed = parseBody(Buffer.from(json));
  if (!('messages' in parsed) || !parsed.messages[0]) throw new Error(json);
  return parsed.messages[0];
}

const told = (json: string): string => withUserContext(read(json), context).line.toString();
const untold = (json: string): string => withUserContext(read(json), undefined).line.toString();
const request = (rest: string): string => `{"jsonrpc":"2.0","id":1,"method":"x"${rest}}`;

test.each([
  ['', `{"params":{"_meta":{${own}}},"jsonrpc":"2.0","id":1,"method":"x"}`],
  [',"params": {}', request(`,"params": {"_meta":{${own}}}`)],
  [',"params":{"a" : 1}', request(`,"params":{"_meta":{${own}},"a" : 1}`)],
  [',"params":{"_meta":{ "k":1 }}', request(`,"params":{"_meta":{${own}, "k":1 }}`)],
  [',"params":{"_meta":{}}', request(`,"params":{"_meta":{${own}}}`)],
  [
    ',"params":{"_meta":{"mcpd/userContext":{"user":"root"}, "k":1}}',
    request(`,"params":{"_meta":{${own},"k":1}}`),
  ],
  [',"params":null', request(',"params":null')],
  [',"params":[1]', request(',"params":[1]')],
])('a request with %j carries who asks, and its other bytes', (rest, expected) => {
  expect(told(request(rest))).toBe(expected);
});

test.each([
  ['"mcpd/userContext":{"user":"root"}', ''],
  ['"a":1 , "mcpd/userContext":1', '"a":1'],
  ['"mcpd\\/userContext":1,"a":1', '"a":1'],
  ['"\\u006dcpd/userConte\\u0078t":1,"a":1', '"a":1'],
  ['"mcpd/userContext":1,"mcpd/userContext":2', ''],
])('what a client says itself of its user is taken out: %j', (meta, left) => {
  for (const name of ['_meta', '_META', '\\u005fmeta']) {
    expect(untold(request(`,"params":{"${name}":{${meta}}}`))).toBe(
      request(`,"params":{"${name}":{${left}}}`),
    );
  }
  const twins = request(`,"params":{"_meta":{${meta}},"_meta":{${meta}}}`);
  expect(untold(twins)).toBe(request(`,"params":{"_meta":{${left}},"_meta":{${left}}}`));
});

test('a notification is told nothing, but may not pretend either', () => {
  const json = (meta: string): string =>
    `{"jsonrpc":"2.0","method":"x","params":{"_meta":{${meta}}}}`;
  expect(told(json('"mcpd/userContext":1'))).toBe(json(''));
});

test('the name as a value, or elsewhere, stays', () => {
  const json = request(
    ',"params":{"arguments":{"mcpd/userContext":"\\u00e9"},"_meta":{"a":"mcpd/userContext"}}',
  );
  expect(untold(json)).toBe(json);
});

test('whatever the parameters, a server reads the context of the bridge and all the rest', () => {
  const value = fc.dictionary(fc.string(), fc.jsonValue());
  const params = fc.record({ _meta: value, arguments: value }, { requiredKeys: [] });
  fc.assert(
    fc.property(params, (one) => {
      const message = { jsonrpc: '2.0', id: 1, method: 'x', params: one };
      const heard = JSON.parse(told(JSON.stringify(message))) as typeof message;
      const plain = JSON.parse(JSON.stringify(one)) as typeof one;
      expect(heard.params).toEqual({
        ...plain,
        _meta: { ...plain._meta, 'mcpd/userContext': context },
      });
    }),
  );
});

test('headers hold any name', () => {
  const headers = contextHeaders({ ...context, groups: ['a,b', 'Größe\r\nX: y', '\ud800'] }, true);
  expect(headers['X-MCPD-Groups']).toBe('a%2Cb,Gr%C3%B6%C3%9Fe%0D%0AX:%20y,%EF%BF%BD');
});

test('a server that does not ask for its users gets ids only', () => {
  expect(Object.keys(contextHeaders(context, false))).toEqual([
    'X-MCPD-User-Id',
    'X-MCPD-Request-Id',
  ]);
});
