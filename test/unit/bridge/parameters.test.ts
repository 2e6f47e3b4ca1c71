import { expect, test } from 'vitest';
import { Parameters } from '../../../src/bridge/modern/parameters.ts';

function listed(...tools: string[]): Parameters {
  const json = `{"result":{"tools":[${tools.join(',')}]}}`;
  return new Parameters(() => Promise.resolve(Buffer.from(json)));
}

const region = '{"type":"string","x-mcp-header":"Region"}';
const good = `{"name":"good","inputSchema":{"properties":{"region":${region}}}}`;
const call = { name: 'good', arguments: { region: 'eu' } };

test.each([
  ['a name that is an object', '{"name":{"toString":1},"inputSchema":{"properties":{}}}'],
  ['no object', 'null'],
  [
    'a schema that is very deep',
    `{"name":"deep","inputSchema":${'{"properties":{"a":'.repeat(20_000)}${region}${'}}'.repeat(20_000)}}`,
  ],
])('a tool with %s does not keep the others from being checked', async (_, odd) => {
  const parameters = listed(odd.replace('"properties":{}', `"properties":{"a":${region}}`), good);
  expect(await parameters.mismatch({}, call)).toBe('mcp-param-region');
  expect(await parameters.mismatch({ 'mcp-param-region': 'eu' }, call)).toBeUndefined();
});

test('a call whose name is no text is none of the tools’', async () => {
  expect(await listed(good).mismatch({}, { name: { toString: 1 } })).toBeUndefined();
});
