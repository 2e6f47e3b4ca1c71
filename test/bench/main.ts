// Measures against the budgets and writes the table: `npm run bench`. Needs a build, an engine and root.
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { benchBridge } from './bridge.ts';
import { docker } from './docker-api.ts';
import { benchFirewall } from './firewall.ts';
import { renderReport, writeReport, type Row } from './report.ts';
import { benchStartUp } from './start-up.ts';
import { benchUserAdd } from './user-add.ts';

const document = join(import.meta.dirname, '../../docs/performance.md');

const busy = loadavg()[0] ?? 0;
if (busy > 1)
  process.stderr.write(`This machine is busy (load ${busy.toFixed(1)}): measure again.\n`);
const rows: Row[] = [];
for (const bench of [benchStartUp, benchUserAdd, benchFirewall, benchBridge]) {
  process.stderr.write(`${bench.name}\n`);
  rows.push(...(await bench()));
}
const { Version } = await docker<{ Version: string }>('/version');
const report = await renderReport(rows, Version);
process.stdout.write(report);
await writeReport(document, report);
