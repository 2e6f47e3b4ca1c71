import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { commandIndex, commandTree } from '../../scripts/command-index.ts';
import { loadCommands } from '../../scripts/manifest.ts';
import { allSchemas } from '../../src/cli/schemas.ts';
import { publicCommands } from '../../src/cli/public-commands.ts';
import { Desk } from './desk.ts';

const root = join(import.meta.dirname, '../..');
const { cached, loadable } = await loadCommands(root);
const commands = publicCommands([...cached.values()]);

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

describe('every command', () => {
  test.each(commands.map((command) => [command.id.replaceAll(':', ' '), command] as const))(
    '%s says in one sentence what it does, and shows how',
    (name, { summary, examples = [], enableJsonFlag }) => {
      expect(summary).toMatch(/^[A-Z].{10,}\.$/);
      expect(examples.length).toBeGreaterThan(0);
      const shown = examples.map((one) => (typeof one === 'string' ? one : one.command));
      const typed = shown.join('\n').replaceAll('<%= config.bin %>', 'mcpd');
      expect(typed).toContain(`mcpd ${name}`);
      expect(enableJsonFlag).toBe(true);
    },
  );
});

// What a change breaks for scripts shows in the difference of these files. Write them: npm run generate
describe('what scripts rely on is as recorded:', () => {
  test('commands, arguments and flags', () => {
    expect(commandTree(cached)).toBe(read('test/snapshots/commands.txt'));
  });

  test('the JSON Schema of each result', async () => {
    expect(await allSchemas(loadable)).toEqual(JSON.parse(read('test/snapshots/schemas.json')));
  });
});

test('the README has the index of commands', () => {
  const cells = (text: string) => text.replaceAll(/[ -]+/g, ' ');
  expect(cells(read('README.md'))).toContain(cells(commandIndex(cached)));
});

describe('mcpd schema', () => {
  test('prints the schema that the result of a command is valid by', async () => {
    using desk = new Desk();
    const [schema, document] = await Promise.all([
      desk.json<z.core.JSONSchema.JSONSchema>(['schema', 'template', 'list']),
      desk.json(['template', 'list']),
    ]);
    expect(z.fromJSONSchema(schema).safeParse(document).error).toBeUndefined();
    expect(z.fromJSONSchema(schema).safeParse({ templates: [{}] }).success).toBe(false);
  });

  test('prints all of them, and that of an error', async () => {
    using desk = new Desk();
    const all = await desk.json<{ commands: object; error: z.core.JSONSchema.JSONSchema }>([
      'schema',
    ]);
    expect(Object.keys(all.commands)).toEqual(commands.map(({ id }) => id.replaceAll(':', ' ')));
    const error = await desk.json(['user', 'show', 'nobody']);
    expect(z.fromJSONSchema(all.error).safeParse(error).error).toBeUndefined();
  });
});
