// Measures against the budgets and writes the table: `npm run bench`. Needs a build, an engine and root.
import { join } from 'node:path';
import { benchApply } from './apply.ts';
import { docker } from './docker-api.ts';
import { benchFirewall } from './firewall.ts';
import { renderReport, warnWhenBusy, writeReport, type Row } from './report.ts';
import { benchIsolation } from './isolation.ts';
import { benchStartUp } from './start-up.ts';
import { benchUsageReport } from './usage-report.ts';
import { benchUserAdd } from './user-add.ts';

const document = join(import.meta.dirname, '../../docs/performance.md');

warnWhenBusy();
const rows: Row[] = [];
for (const bench of [
  benchStartUp,
  benchUsageReport,
  benchUserAdd,
  benchApply,
  benchFirewall,
  benchIsolation,
]) {
  process.stderr.write(`${bench.name}\n`);
  rows.push(...(await bench()));
}
const { Version } = await docker<{ Version: string }>('/version');
const report = await renderReport(rows, [`Docker Engine ${Version}`]);
process.stdout.write(report);
await writeReport(document, 'bench', report);
