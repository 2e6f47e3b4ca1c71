import { expect, test } from 'vitest';
import type { Facts } from '../../../src/metrics/facts.ts';
import { toResult } from '../../../src/metrics/metrics.ts';
import { metricsOf } from '../../../src/metrics/registry.ts';
import { metricsResult } from '../../../src/metrics/result.ts';
import { countersOf } from '../report/usage-lines.ts';

const hostile = 'a"b\\c\nd{}';
const sample = {
  cpuSeconds: 12.5,
  memoryBytes: 2 ** 20,
  memoryCapBytes: 2 ** 28,
  pids: 7,
  pidsCap: 256,
  receivedBytes: 0,
  sentBytes: 0,
};
const facts: Facts = {
  version: '1.2.3',
  engineUp: true,
  users: 1,
  servers: [
    {
      user: 'bob',
      server: 'files',
      usage: {
        counters: new Map([
          ['tools/call:read', countersOf([0.5, 3, 3, 5000], { errors: 1, bytesIn: 10 })],
          [`tools/call:${hostile}`, countersOf([1], { refusals: 1 })],
          ['tools/list', countersOf([2 ** 22])],
        ]),
        cpuSeconds: 99,
        oomKills: 1,
        restarts: 2,
      },
      container: { running: true, restarts: 3, memoryCapBytes: 2 ** 28, sample },
    },
    {
      user: 'bob',
      server: 'stopped',
      usage: { counters: new Map(), cpuSeconds: 0, oomKills: 0, restarts: 0 },
      container: undefined,
    },
  ],
};

async function seriesOf(some: Facts): Promise<string[]> {
  const text = await metricsOf(some).metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('requests are counted by user, server, method, tool and outcome', async () => {
  const series = await seriesOf(facts);
  const of = (tool: string, outcome: string) =>
    `mcpd_requests_total{user="bob",server="files",method="tools/call",tool="${tool}",outcome="${outcome}"}`;
  expect(series).toContain(`${of('read', 'ok')} 3`);
  expect(series).toContain(`${of('read', 'error')} 1`);
  expect(series).toContain(`${of('a\\"b\\\\c\\nd{}', 'refused')} 1`);
  expect(series).toContain(
    'mcpd_requests_total{user="bob",server="files",method="tools/list",tool="",outcome="ok"} 1',
  );
});

test('durations are a histogram whose buckets add up', async () => {
  const series = (await seriesOf(facts)).filter(
    (line) => line.includes('duration_seconds') && line.includes('"files"'),
  );
  const bucket = (le: string) =>
    series
      .find((line) => line.includes(`le="${le}"`))
      ?.split(' ')
      .at(-1);
  expect(series).toHaveLength(22 + 2);
  expect(['0.001', '0.002', '0.004', '4.096', '8.192', '1048.576', '+Inf'].map(bucket)).toEqual([
    '1',
    '2',
    '4',
    '4',
    '5',
    '5',
    '6',
  ]);
  expect(series).toContain('mcpd_request_duration_seconds_count{user="bob",server="files"} 6');
});

test('what a container uses is there while it runs, and without an engine nothing of it', async () => {
  const labels = '{user="bob",server="files"}';
  const series = await seriesOf(facts);
  expect(series).toContain(`mcpd_server_up${labels} 1`);
  expect(series).toContain('mcpd_server_up{user="bob",server="stopped"} 0');
  expect(series).toContain(`mcpd_container_memory_bytes${labels} 1048576`);
  expect(series).toContain('mcpd_promised_memory_bytes 268435456');
  const servers = facts.servers.map((one) => ({ ...one, container: undefined }));
  const without = await seriesOf({ ...facts, engineUp: false, servers });
  expect(without).toContain('mcpd_engine_up 0');
  expect(without.join('\n')).not.toMatch(/mcpd_(?:container|server_up|promised)/);
  expect(without).toContain(`mcpd_cpu_seconds_total${labels} 99`);
});

test('the result is what its schema says', async () => {
  const result = await toResult(metricsOf(facts));
  expect(metricsResult.parse(result)).toEqual(result);
  expect(result.metrics.map(({ name }) => name)).toContain('mcpd_requests_total');
});
