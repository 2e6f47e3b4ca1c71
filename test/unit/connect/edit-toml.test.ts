import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import type { Entry } from '../../../src/connect/clients.ts';
import { editToml } from '../../../src/connect/edit-toml.ts';

const entry: Entry = { url: 'http://h/mcp', http_headers: { Authorization: 'Bearer t' } };
const table = `[mcp_servers.bob-memory]
url = "http://h/mcp"
http_headers = { Authorization = "Bearer t" }
`;

function edit(text: string, wanted: Entry = entry): string {
  const entries = new Map([['bob-memory', wanted]]);
  return editToml({ text, file: '/home/bob/config.toml', root: 'mcp_servers', entries });
}

test('a table goes into an empty file', () => {
  expect(edit('')).toBe(table);
});

test('or to the end of one, behind an empty line, and the rest stays byte for byte', () => {
  const text = '# mine\nmodel   = "x" # why\n\n[tui]\ntheme = "dark"';
  expect(edit(text)).toBe(`${text}\n\n${table}`);
});

test('the same again changes not one byte', () => {
  const once = edit('a = 1\n');
  expect(edit(once)).toBe(once);
});

test('an earlier table of ours is brought up to date where it stands, with what was added to it', () => {
  const text = `[mcp_servers.a]
url = "http://a/mcp"

[ mcp_servers."bob-memory" ] # bob
url = "http://old/mcp"
enabled_tools = ["read"] # only this
http_headers = { Authorization = "Bearer old" }

[mcp_servers.z]
url = "http://z/mcp"
`;
  const edited = edit(text);
  expect(edited.indexOf('bob-memory')).toBeLessThan(edited.indexOf('mcp_servers.z'));
  expect(edited).toContain('enabled_tools = ["read"] # only this');
  expect(edited).not.toContain('old');
  expect(parse(edited)).toEqual({
    mcp_servers: {
      a: { url: 'http://a/mcp' },
      'bob-memory': { ...entry, enabled_tools: ['read'] },
      z: { url: 'http://z/mcp' },
    },
  });
});

test('a value with quotes and backslashes is written so that it reads the same', () => {
  const odd: Entry = { url: 'http://h/"\\\u0001', list: ['a"b', 'c'] };
  expect(parse(edit('', odd))).toEqual({ mcp_servers: { 'bob-memory': odd } });
});

test('a broken file is refused with the line', () => {
  expect(() => edit('a = 1\nb = \n')).toThrow('config.toml was left alone: it is broken at line 2');
});

test.each([
  ['servers as an inline table', 'mcp_servers = { a = { url = "x" } }'],
  ['servers as text', 'mcp_servers = "x"'],
  ['our entry as an inline table', '[mcp_servers]\nbob-memory = { url = "http://old/mcp" }'],
  [
    'a header in a text',
    `[mcp_servers.bob-memory]\nurl = "http://old/mcp"\nnote = """\n[x]\nurl = 1\n"""\nhttp_headers = { Authorization = "y" }`,
  ],
])('a file written in another way is left alone: %s', (_what, text) => {
  expect(() => edit(text)).toThrow('is not written in the usual way');
});
