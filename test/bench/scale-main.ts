// Measures commands with many users and tenants, and writes the table: `npm run bench:scale`. `-- --live 40`
// makes fewer of them. Needs a build, an engine and root.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { docker } from './docker-api.ts';
import { renderReport, warnWhenBusy, writeReport } from './report.ts';
import { benchScale } from './scale.ts';

const document = join(import.meta.dirname, '../../docs/performance.md');
const { values } = parseArgs({ options: { live: { type: 'string', default: '300' } } });

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());

warnWhenBusy();
const rows = await benchScale({ live: Number(values.live), signal: interrupt.signal });
const { Version } = await docker<{ Version: string }>('/version');
const report = await renderReport(rows, [`Docker Engine ${Version}`]);
process.stdout.write(report);
await writeReport(document, 'bench:scale', report);
