import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const documents = [
  'README.md',
  'AGENTS.md',
  'CHANGELOG.md',
  'docs/ci.md',
  'docs/apply.md',
  'docs/architecture.md',
  'docs/audit.md',
  'docs/backup.md',
  'docs/conformance.md',
  'docs/dependencies.md',
  'docs/metrics.md',
  'docs/performance.md',
  'docs/policy.md',
  'docs/security.md',
  'docs/service.md',
];

function read(document: string): string {
  return readFileSync(join(root, document), 'utf8');
}

describe('the promises of the README', () => {
  // `[two-users](test/e2e/two-users.test.ts): “…”`
  const promises = [...read('README.md').matchAll(/\]\((test\/[\w/-]+\.test\.ts)\): “([^”]+)”/g)];

  test('are there', () => expect(promises.length).toBeGreaterThan(20));

  test.each(promises.map(([, file = '', sentence = '']) => [sentence, file]))(
    'a test shows “%s” (%s)',
    (sentence, file) => {
      const names = [...read(file).matchAll(/(['"`])((?:(?!\1).|\\.)*)\1/g)];
      expect(names.map(([, , name]) => name)).toContain(sentence);
    },
  );
});

test.each(documents)('every link of %s leads to something', (document) => {
  const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)];
  const broken = links.filter(([, to = '']) => !existsSync(join(root, dirname(document), to)));
  expect(broken.map(([, to]) => to)).toEqual([]);
});

test('every folder of src is in the table of the README', () => {
  const named = [...read('README.md').matchAll(/`src\/(\w+)\/`/g)].map(([, name]) => name);
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(named.toSorted()).toEqual(folders);
});

test('every package of package.json has its reason in docs/dependencies.md, and no other', () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(read('package.json')) as Partial<
    Record<'dependencies' | 'devDependencies', object>
  >;
  const cells = [...read('docs/dependencies.md').matchAll(/^\| (`[^|]+`) +\|/gm)];
  const named = cells.flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)]);
  expect(named.map(([, name]) => name).toSorted()).toEqual(
    Object.keys({ ...dependencies, ...devDependencies }).toSorted(),
  );
});
