import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scenarios, withoutScenario } from '../crash/scenarios.ts';

const folder = join(import.meta.dirname, '../../src/commands');

/** `user/add.ts` is `user add`. */
const commands = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({
    name: path.slice(0, -'.ts'.length).replaceAll('/', ' '),
    source: readFileSync(join(folder, path), 'utf8'),
  }));

/** Whether it opens a home for more than reading, or leaves that to a class of its own. */
function mayChange({ source }: { readonly source: string }): boolean {
  return (
    !/extends (?:BaseCommand<|StreamingCommand )/.test(source) ||
    /\.(?:context|otherContext)\((?!'read'\))/.test(source)
  );
}

const changing = commands.filter(mayChange).map(({ name }) => name);

test.each(changing)('%s is killed at every point, or it is said why not', (name) => {
  const isKilled = scenarios.some(({ command }) => `${command} `.startsWith(`${name} `));
  expect(isKilled).not.toBe(withoutScenario.has(name));
});

test('no reason is given for what changes nothing', () => {
  expect(changing).toEqual(expect.arrayContaining([...withoutScenario.keys()]));
});
