import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Disposals } from '../support/disposals.ts';
import { MetricsListener } from '../support/metrics-listener.ts';
import { checkMetrics, Prometheus } from '../support/prometheus.ts';
import { Tenancy } from '../support/tenancy.ts';
import { UsageFiles } from '../support/usage-files.ts';

const disposals = new Disposals();
let tenancy: Tenancy;
let prometheus: Prometheus;

beforeAll(async () => {
  tenancy = disposals.add(await Tenancy.open());
  await tenancy.addUser('bob');
  const tokenFile = join(tenancy.home, 'scrape-token');
  writeFileSync(tokenFile, 'x'.repeat(32), { mode: 0o600 });
  const start = (args: readonly string[]) => tenancy.start(args);
  const listener = disposals.add(await MetricsListener.start(start, '--token-file', tokenFile));
  prometheus = disposals.add(await Prometheus.start({ url: listener.url, tokenFile }));
}, 300_000);

afterAll(() => disposals.dispose(), 120_000);

/** For `expect.poll`: Prometheus scrapes once a second. */
const patience = { timeout: 60_000, interval: 250 };
const valuesOf = (query: string) => () => prometheus.query(query);

describe('a real Prometheus that scrapes mcpd metrics', () => {
  it('is told what the container of a server uses', async () => {
    await expect.poll(valuesOf('up'), patience).toEqual([1]);
    await expect.poll(valuesOf('mcpd_server_up{user="bob"}'), patience).toEqual([1]);
    await expect
      .poll(valuesOf('mcpd_container_memory_bytes{user="bob"} > bool 1e6'), patience)
      .toEqual([1]);
    await expect
      .poll(valuesOf('mcpd_container_cpu_seconds_total{user="bob"} > bool 0'), patience)
      .toEqual([1]);
    await expect.poll(valuesOf('mcpd_promised_memory_bytes'), patience).toEqual([512 * 2 ** 20]);
  });

  it('counts what servers record, and works out percentiles of it', async () => {
    const files = new UsageFiles(tenancy.env, 'bob/filesystem');
    const requests = 'mcpd_requests_total{user="bob",tool="made-up",outcome="ok"}';
    files.append({ ago: 5, calls: { 'tools/call:made-up': [100, 100, 100] } });
    await expect.poll(valuesOf(requests), patience).toEqual([3]);
    files.append({ ago: 4, calls: { 'tools/call:made-up': [100, 100] } });
    await expect.poll(valuesOf(requests), patience).toEqual([5]);
    await expect
      .poll(
        valuesOf(
          'histogram_quantile(0.5, mcpd_request_duration_seconds_bucket{user="bob"} > 0) < bool 0.2',
        ),
        patience,
      )
      .toEqual([1]);
  });
});

it('promtool has no complaint about mcpd metrics', async () => {
  const { stdout } = await tenancy.run(['metrics']);
  expect(stdout).toContain('mcpd_container_pids{user="bob"');
  expect(await checkMetrics(stdout)).toBe('');
});
