import type { Registry } from 'prom-client';
import type { Context } from '../context.ts';
import { refuseOpenAddress, type ListenAddress } from './address.ts';
import { gatherFacts } from './facts.ts';
import { UsageHistory } from './history.ts';
import { metricsOf } from './registry.ts';
import type { MetricsResult } from './result.ts';
import { serveMetrics } from './serve.ts';
import { readTokenFile } from './token-file.ts';

/** The metrics of all users at this moment. */
export async function takeMetrics(context: Context, version: string): Promise<Registry> {
  return metricsOf(await gatherFacts(context, { history: new UsageHistory(), version }));
}

export interface ServeRequest {
  readonly version: string;
  readonly address: ListenAddress;
  readonly tokenFile: string | undefined;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Serves them until the signal aborts, gathered anew for each scrape. Throws RefusedError for an open address. */
export async function listenForScrapes(
  context: Context,
  { version, address, tokenFile, signal }: ServeRequest,
): Promise<number> {
  const token = tokenFile === undefined ? undefined : readTokenFile(tokenFile);
  refuseOpenAddress(address, token);
  const history = new UsageHistory();
  return serveMetrics({
    address,
    token,
    signal,
    onListening: (url) => context.progress.notice(`Serving ${url} until Ctrl-C.`),
    scrape: async () => {
      const registry = metricsOf(await gatherFacts(context, { history, version }));
      return { text: await registry.metrics(), contentType: registry.contentType };
    },
  });
}

/** What `--json` prints of them. */
export async function toResult(registry: Registry): Promise<MetricsResult> {
  const metrics = await registry.getMetricsAsJSON();
  return {
    scrapes: 0,
    metrics: metrics.map(({ name, type, help, values }) => ({
      name,
      type: String(type) as 'counter',
      help,
      values: values.map((one) => ({
        name: 'metricName' in one ? String(one.metricName) : name,
        labels: { ...one.labels } as Record<string, string | number>,
        value: one.value,
      })),
    })),
  };
}
