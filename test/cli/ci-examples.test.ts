import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { loadCommands } from '../../scripts/manifest.ts';

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const { cached: commands } = await loadCommands(root);

const action = z
  .object({
    inputs: z.record(
      z.string(),
      z.union([
        z.strictObject({ description: z.string(), required: z.literal(true) }),
        z.strictObject({ description: z.string(), default: z.string() }),
      ]),
    ),
    runs: z.object({
      using: z.literal('composite'),
      steps: z.array(
        z.strictObject({
          name: z.string(),
          if: z.literal('always()').optional(),
          shell: z.literal('bash'),
          env: z.record(z.string(), z.string()).optional(),
          run: z.string(),
        }),
      ),
    }),
  })
  .parse(parse(read('action.yml')));
const { inputs, runs } = action;

/** `mcpd` commands in a text, each with the flags it is given; what follows " -- " is another program's. */
function calls(text: string): { id: string; flags: string[] }[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((line) => {
    const [, rest] = /^\s*(?:- )?mcpd ([a-z].*)/.exec(line) ?? [];
    if (rest === undefined) return [];
    const [mine = ''] = rest.split(' -- ');
    const [topic = '', verb = ''] = mine.split(' ');
    const id = commands.has(`${topic}:${verb}`) ? `${topic}:${verb}` : topic;
    return [{ id, flags: [...mine.matchAll(/ --([a-z-]+)/g)].map(([, flag = '']) => flag) }];
  });
}

function unknown(text: string): string[] {
  return calls(text).flatMap(({ id, flags }) => {
    const known = new Set(Object.keys(commands.get(id)?.flags ?? {}));
    if (!commands.has(id)) return [`mcpd ${id}`];
    return flags.filter((flag) => !known.has(flag)).map((flag) => `mcpd ${id} --${flag}`);
  });
}

const fences = [...read('docs/ci.md').matchAll(/```(\w+)\n(.*?)```/gs)].map(
  ([, language = '', text = '']) => ({ language, text }),
);
const scripts = runs.steps.map(({ run }) => run);

describe('the action', () => {
  test('uses every input that it declares, and no other', () => {
    const used = runs.steps.flatMap(({ env = {} }) => Object.values(env));
    const names = used.map((value) => /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1]);
    expect(names.toSorted()).toEqual(Object.keys(inputs).toSorted());
  });

  test('gives its shell no input but by the environment, where it can’t become a command', () => {
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });
});

test('the action and docs/ci.md call commands and flags that exist', () => {
  const texts = [...scripts, ...fences.map(({ text }) => text)];
  expect(texts.flatMap(calls).length).toBeGreaterThan(8);
  expect(texts.flatMap(unknown)).toEqual([]);
});

test('the workflows of docs/ci.md are YAML, and give the action inputs that it has', () => {
  const workflows = fences.filter(({ language }) => language === 'yaml').map(({ text }) => text);
  expect(workflows).toHaveLength(2);
  const [github] = workflows.map((text) => parse(text) as unknown);
  const { jobs } = z
    .object({
      jobs: z.object({
        test: z.object({
          steps: z.array(
            z.object({
              uses: z.string(),
              with: z.record(z.string(), z.string()).optional(),
            }),
          ),
        }),
      }),
    })
    .parse(github);
  const step = jobs.test.steps.find(({ uses }) => uses.includes('/mcpd@'));
  expect(Object.keys(step?.with ?? {}).filter((name) => !(name in inputs))).toEqual([]);
  expect(Object.keys(step?.with ?? {})).toContain('command');
});
