import { describe, expect, test } from 'vitest';
import { renderReport } from '../../../src/render/report.ts';
import type { Figures, ReportResult } from '../../../src/report/result.ts';

const figures: Figures = {
  calls: 12_345,
  errors: 12,
  refusals: 3,
  errorRate: 0.00097,
  latencyMs: { p50: 4.2, p95: 120, p99: 1500 },
  bytesIn: 1_234_567,
  bytesOut: 98_765_432,
  resources: { cpuSeconds: 4000, memoryPeakBytes: 2 ** 28, oomKills: 1, restarts: 2 },
  storageBytes: null,
  storageQuotaBytes: null,
};
const idle: Figures = {
  ...figures,
  calls: 0,
  errors: 0,
  errorRate: 0,
  latencyMs: { p50: null, p95: null, p99: null },
};

function result(more: Partial<ReportResult> = {}): ReportResult {
  return {
    since: '2026-01-01T00:00:00.000Z',
    until: '2026-01-08T00:00:00.000Z',
    target: 'bob',
    by: 'server',
    total: figures,
    rows: [
      { name: 'bob/files', ...figures },
      { name: 'bob/notes', ...idle },
    ],
    plots: null,
    ...more,
  };
}

const toolRows = ['tools/call:=HYPERLINK("x")', 'tools/call:a,b', 'tools/list\u001b[2J'].map(
  (name) => ({ name, ...figures, resources: null }),
);

describe('a report is written', () => {
  test('as a table', () => {
    expect(renderReport(result(), { format: 'table' })).toMatchInlineSnapshot(`
      "Report:   bob
      Time:     2026-01-01 00:00 UTC to 2026-01-08 00:00 UTC
      Calls:    12,345, 12 errors (0.1%), 3 refused
      Latency:  p50 4.2ms, p95 120ms, p99 1.5s (estimated)
      Traffic:  1.18MiB in, 94.2MiB out
      CPU:      1h06m
      Memory:   256MiB at most
      Trouble:  2 restarts, 1 killed for lack of memory

      SERVER      CALLS  ERRORS  RATE  REFUSED    P50    P95   P99       IN      OUT    CPU  MEMORY  RESTARTS  OOM
      bob/files  12,345      12  0.1%        3  4.2ms  120ms  1.5s  1.18MiB  94.2MiB  1h06m  256MiB         2    1
      bob/notes       0       0    0%        3      -      -     -  1.18MiB  94.2MiB  1h06m  256MiB         2    1"
    `);
  });

  test('with one of something as one', () => {
    const resources = { cpuSeconds: 1, memoryPeakBytes: 1, oomKills: 0, restarts: 1 };
    const total = { ...figures, errors: 1, resources };
    const text = renderReport(result({ total }), { format: 'table' });
    expect(text).toContain('12,345, 1 error (0.1%), 3 refused');
    expect(text).toContain('1 restart, 0 killed');
  });

  test('as a table of users with what their workspaces hold, of what they may', () => {
    const rows = [
      { name: 'bob', ...idle, storageBytes: 2 ** 20, storageQuotaBytes: 2 ** 30 },
      { name: 'al', ...idle },
    ];
    const text = renderReport(result({ by: 'user', rows }), { format: 'table' });
    expect(text).toMatch(/STORAGE\nbob .* 1MiB of 1GiB\nal .* -$/);
  });

  test('as CSV, in which no name is a formula, a second cell or a command to a terminal', () => {
    const rows = [...toolRows, { name: '=1+1', ...figures, resources: null }];
    expect(renderReport(result({ by: 'tool', rows }), { format: 'csv' })).toMatchInlineSnapshot(`
      "tool,calls,errors,error_rate,refusals,p50_ms,p95_ms,p99_ms,bytes_in,bytes_out,cpu_seconds,memory_peak_bytes,oom_kills,restarts,storage_bytes,storage_quota_bytes
      "tools/call:=HYPERLINK(""x"")",12345,12,0.00097,3,4.2,120,1500,1234567,98765432,,,,,,
      "tools/call:a,b",12345,12,0.00097,3,4.2,120,1500,1234567,98765432,,,,,,
      tools/list?[2J,12345,12,0.00097,3,4.2,120,1500,1234567,98765432,,,,,,
      '=1+1,12345,12,0.00097,3,4.2,120,1500,1234567,98765432,,,,,,"
    `);
  });

  test('as the document that --json prints', () => {
    expect(JSON.parse(renderReport(result(), { format: 'json' }))).toEqual(result());
  });
});
