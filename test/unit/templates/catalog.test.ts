import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NotFoundError, UsageError } from '../../../src/errors.ts';
import { findTemplate, listTemplates } from '../../../src/templates/catalog.ts';
import { expandCommand } from '../../../src/templates/program.ts';

const packageRoot = join(import.meta.dirname, '../../..');
const valid = {
  name: 'notes',
  title: 'Notes',
  description: 'Keeps notes.',
  source: { npm: '@scope/notes@1.2.3' },
  command: ['node', '${package}/index.js', '--dir=${workspace}/notes'],
  env: { NOTES: '${workspace}' },
  riskLevel: 'low',
  requiresUserIsolation: false,
  userAware: false,
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mcpd-catalog-'));
  await mkdir(join(root, 'templates'));
});
afterEach(() => rm(root, { recursive: true }));

async function add(folder: string, content: unknown) {
  const path = join(root, 'templates', folder);
  await mkdir(path);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(join(path, 'template.json'), text);
  return path;
}

test('the catalog that ships is valid, and pins every version', async () => {
  const templates = await listTemplates(packageRoot);
  expect(templates.map(({ name }) => name)).toEqual([
    'everything',
    'filesystem',
    'memory',
    'sequential-thinking',
  ]);
  for (const { source } of templates) expect(source).toEqual({ npm: expect.stringMatching(/@\d/) });
});

test('a template is found by name and by the path of its folder', async () => {
  const folder = await add('notes', valid);
  const byName = await findTemplate('notes', root);
  expect(byName.folder).toBe(folder);
  expect(await findTemplate(folder, root)).toEqual(byName);
});

test('an unknown name says which ones are near', async () => {
  await add('notes', valid);
  const error = await findTemplate('notse', root).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(NotFoundError);
  expect((error as NotFoundError).suggestions).toContain('Did you mean notes?');
});

test('a name cannot leave the catalog', async () => {
  await writeFile(join(root, 'template.json'), JSON.stringify({ ...valid, name: 'x' }));
  // It is a path then, relative to where the command runs.
  await expect(findTemplate('..', join(root, 'templates'))).rejects.toThrow(NotFoundError);
});

test('a folder without template.json is not found', async () => {
  await expect(findTemplate(root, root)).rejects.toThrow(NotFoundError);
});

test.each([
  ['a wrong field', { ...valid, riskLevel: 'none' }, 'riskLevel: '],
  ['an unknown field', { ...valid, comand: [] }, 'comand'],
  ['another name than its folder’s', { ...valid, name: 'other' }, 'name: '],
  ['a source that is no npm spec', { ...valid, source: { npm: '-g' } }, 'source.npm: '],
  ['an unknown placeholder', { ...valid, command: ['${home}/x'] }, '${home}'],
  ['HTTP without a port', { ...valid, transport: 'http' }, 'http: missing'],
  ['a port for stdio', { ...valid, http: { port: 3000 } }, 'http: goes with "transport": "http"'],
  ['the bridge’s own port', { ...valid, transport: 'http', http: { port: 8080 } }, 'http.port: '],
  ['a port that is none', { ...valid, transport: 'http', http: { port: 70_000 } }, 'http.port: '],
  [
    'a whole address as path',
    { ...valid, transport: 'http', http: { port: 3000, path: 'http://127.0.0.1/mcp' } },
    'http.path: ',
  ],
  [
    'shared sessions of a server that keeps its own',
    { ...valid, transport: 'http', http: { port: 3000 }, sessions: 'shared' },
    'sessions: ',
  ],
  ['an unknown transport', { ...valid, transport: 'sse' }, 'transport: '],
  ['no JSON at all', '{', 'JSON'],
])('%s is one readable line with the file’s name', async (_what, content, words) => {
  const folder = await add('notes', content);
  const error = await findTemplate('notes', root).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UsageError);
  const { message } = error as UsageError;
  expect(message).toContain(join(folder, 'template.json'));
  expect(message).toContain(words);
  expect(message).not.toContain('\n');
});

test('a server that speaks HTTP is asked at /mcp, unless its template says where', async () => {
  await add('notes', { ...valid, transport: 'http', http: { port: 3000 } });
  const { transport, http } = await findTemplate('notes', root);
  expect({ transport, http }).toEqual({ transport: 'http', http: { port: 3000, path: '/mcp' } });
});

test('placeholders become the paths in the container', async () => {
  await add('notes', valid);
  expect(expandCommand(await findTemplate('notes', root))).toEqual({
    argv: ['node', '/opt/mcp/node_modules/@scope/notes/index.js', '--dir=/workspace/notes'],
    env: { NOTES: '/workspace' },
  });
});

test('a local package is installed under the template’s name', async () => {
  const folder = await add('notes', { ...valid, source: { npm: '.' } });
  expect(expandCommand(await findTemplate(folder, root)).argv[1]).toBe(
    '/opt/mcp/node_modules/notes/index.js',
  );
});
