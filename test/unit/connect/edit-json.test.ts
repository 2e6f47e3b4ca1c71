import { parse } from 'jsonc-parser';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/connect/clients.ts';
import { editJson } from '../../../src/connect/edit-json.ts';
import { UsageError } from '../../../src/errors.ts';

const entry: Entry = { type: 'http', url: 'http://h/mcp', headers: { Authorization: 'Bearer t' } };

function edit(text: string, wanted: Entry = entry): string {
  const entries = new Map([['bob-memory', wanted]]);
  return editJson({ text, file: '/home/bob/x.json', root: 'mcpServers', entries });
}

test.each(['', '  \n', '{}', '{ }\n'])(
  'an entry goes into a file that says nothing: "%s"',
  (text) => {
    expect(JSON.parse(edit(text))).toEqual({ mcpServers: { 'bob-memory': entry } });
  },
);

test('the same again changes not one byte', () => {
  const once = edit('{\n\t"a": 1 }');
  expect(edit(once)).toBe(once);
});

describe('a file that people keep', () => {
  const text = `// mine
{
    "theme": "dark", // not light
    "mcpServers": {
        /* the other one */
        "github": { "command": "gh",   "args": ["x"] },
    },
    "last": [1,2,   3],
}
`;

  test('keeps its comments, its formatting and its other entries', () => {
    const edited = edit(text);
    for (const kept of [
      '// mine\n{\n    "theme": "dark", // not light',
      '/* the other one */\n        "github": { "command": "gh",   "args": ["x"] },',
      '"last": [1,2,   3],\n}\n',
    ]) {
      expect(edited).toContain(kept);
    }
    const { mcpServers } = parse(edited) as { mcpServers: object };
    expect(mcpServers).toEqual({ github: { command: 'gh', args: ['x'] }, 'bob-memory': entry });
  });

  test('is indented as it was', () => {
    expect(edit(text)).toContain('\n        "bob-memory": {\n            "type": "http"');
    expect(edit('{\n\t"a": 1\n}')).toContain('\n\t"mcpServers": {\n\t\t"bob-memory"');
    expect(edit('{\r\n  "a": 1\r\n}\r\n')).not.toMatch(/[^\r]\n/);
  });
});

test('what the user added to our entry stays', () => {
  const text = `{ "mcpServers": { "bob-memory": {
    "url": "http://old/mcp", "timeout": 5, // slow
    "headers": { "X-Mine": "1" } } } }`;
  const edited = edit(text);
  expect(edited).toContain('"timeout": 5, // slow');
  expect(parse(edited)).toEqual({
    mcpServers: {
      'bob-memory': {
        ...entry,
        timeout: 5,
        headers: { 'X-Mine': '1', Authorization: 'Bearer t' },
      },
    },
  });
});

test('a byte order mark stays where it was', () => {
  expect(edit('\uFEFF{}').codePointAt(0)).toBe(0xfeff);
});

test('of a key that is there twice, the one that counts is changed', () => {
  const text = '{"mcpServers": {}, "mcpServers": {"a": {}}}';
  expect(JSON.parse(edit(text))).toEqual({ mcpServers: { a: {}, 'bob-memory': entry } });
  expect(edit(text)).toContain('{"mcpServers": {}, ');
});

test.each([
  ['{ "a": ', 'it is broken at line 1'],
  ['{\n "a": 1\n "b": 2\n}', 'it is broken at line 3'],
  ['hello', 'it is broken at line 1'],
])('a broken file is refused with the line: %s', (text, message) => {
  expect(() => edit(text)).toThrow(message);
  expect(() => edit(text)).toThrow(UsageError);
});

test.each([
  ['a list', '[]'],
  ['servers in a list', '{"mcpServers": []}'],
  ['servers as text', '{"mcpServers": "x"}'],
  ['our entry as text', '{"mcpServers": {"bob-memory": "x"}}'],
])('a file with another shape is left alone: %s', (_what, text) => {
  expect(() => edit(text)).toThrow('/home/bob/x.json was left alone');
});
