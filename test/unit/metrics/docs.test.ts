import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toResult } from '../../../src/metrics/metrics.ts';
import { metricsOf } from '../../../src/metrics/registry.ts';

const docs = join(import.meta.dirname, '../../../docs');
const { metrics } = await toResult(
  metricsOf({ version: '1', engineUp: true, users: 0, servers: [] }),
);

test('docs/metrics.md lists every metric with its type, and no other', () => {
  const rows = readFileSync(join(docs, 'metrics.md'), 'utf8').matchAll(/^\| `(\w+)` +\| (\w+)/gm);
  const listed = [...rows].map(([, name, type]) => ({ name, type }));
  expect(listed).toEqual(metrics.map(({ name, type }) => ({ name, type })));
});

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

test('the dashboard asks only for metrics there are', () => {
  const text = readFileSync(join(docs, 'grafana-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(text) as Dashboard;
  const asked = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/mcpd_\w+/g) ?? []),
  );
  const names = new Set(
    metrics.map(({ name, type }) => (type === 'histogram' ? `${name}_bucket` : name)),
  );
  expect(asked.filter((name) => !names.has(name))).toEqual([]);
  expect(new Set(asked).size).toBeGreaterThan(10);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});
