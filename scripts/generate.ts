// Writes the generated parts of the tree: `npm run generate`. With --check it writes nothing, and
// fails when one is out of date.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format } from 'prettier';
import { auditLineResult, controlLineResult } from '../src/audit/result.ts';
import { allSchemas, schemaOf } from '../src/cli/schemas.ts';
import { commandIndex, commandTree } from './command-index.ts';
import { fieldsTable } from './fields-table.ts';
import { loadCommands } from './manifest.ts';
import { policyTable } from './policy-table.ts';
import { settingsTable } from './settings-table.ts';

const root = join(import.meta.dirname, '..');
const { cached, loadable } = await loadCommands(root);

const files = new Map([
  [
    'README.md',
    await format(
      await fill(
        'README.md',
        new Map([
          ['commands', commandIndex(cached)],
          ['settings', settingsTable()],
        ]),
      ),
      { parser: 'markdown', printWidth: 100 },
    ),
  ],
  [
    'docs/policy.md',
    await format(await fill('docs/policy.md', new Map([['fields', policyTable()]])), {
      parser: 'markdown',
      printWidth: 100,
    }),
  ],
  [
    'docs/audit.md',
    await format(
      await fill(
        'docs/audit.md',
        new Map([
          ['fields', fieldsTable(auditLineResult)],
          ['control', fieldsTable(controlLineResult)],
        ]),
      ),
      { parser: 'markdown', printWidth: 100 },
    ),
  ],
  [
    'docs/tenants.schema.json',
    await format(JSON.stringify(await schemaOf(loadable, 'export')), { parser: 'json' }),
  ],
  ['test/snapshots/commands.txt', commandTree(cached)],
  ['test/snapshots/schemas.json', `${JSON.stringify(await allSchemas(loadable), undefined, 2)}\n`],
]);

for (const [file, content] of files) {
  const path = join(root, file);
  if ((await readFile(path, 'utf8').catch(() => '')) === content) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is out of date. Run: npm run generate`);
    process.exitCode = 1;
  } else {
    await writeFile(path, content);
    console.log(`wrote ${file}`);
  }
}

/** The file with what is between `<!-- name -->` and `<!-- namestop -->` replaced. */
async function fill(file: string, parts: ReadonlyMap<string, string>): Promise<string> {
  let text = await readFile(join(root, file), 'utf8');
  for (const [name, content] of parts) {
    const [before, rest = ''] = text.split(`<!-- ${name} -->`, 2);
    const [, after] = rest.split(`<!-- ${name}stop -->`, 2);
    if (after === undefined) throw new Error(`${file} has no markers "${name}" and "${name}stop"`);
    text = `${before}<!-- ${name} -->\n\n${content}\n\n<!-- ${name}stop -->${after}`;
  }
  return text;
}
