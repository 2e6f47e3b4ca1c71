// Measures the bridge beside other programs that do its work, and writes the table: `npm run bench:bridge`.
// `--sessions 2000` shortens the soak. Needs a build, and a registry for the others on the first run.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchBigResult } from './big-result.ts';
import { benchBridgeStart } from './bridge-start.ts';
import { benchInitialize } from './initialize.ts';
import { benchMemory } from './memory.ts';
import { installPeers, peersInFull } from './peers.ts';
import { renderReport, warnWhenBusy, writeReport, type Row } from './report.ts';
import { benchSoak } from './soak.ts';
import { benchToolCalls } from './tool-calls.ts';

const document = join(import.meta.dirname, '../../docs/performance.md');
const { values } = parseArgs({ options: { sessions: { type: 'string', default: '60000' } } });
const sessions = Number(values.sessions);

installPeers();
warnWhenBusy();
const soak = () => benchSoak(sessions);
const rows: Row[] = [];
for (const bench of [
  benchToolCalls,
  benchInitialize,
  benchMemory,
  benchBigResult,
  benchBridgeStart,
  soak,
]) {
  process.stderr.write(`${bench.name}\n`);
  rows.push(...(await bench()));
}
const report = await renderReport(rows, peersInFull);
process.stdout.write(report);
await writeReport(document, 'bench:bridge', report);
