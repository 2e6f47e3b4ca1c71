import { string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { flagOf } from '../cli/flags.ts';
import { listenAddress } from '../metrics/address.ts';
import { listenForScrapes, takeMetrics, toResult } from '../metrics/metrics.ts';
import { metricsResult, type MetricsResult } from '../metrics/result.ts';

export default class Metrics extends BaseCommand<MetricsResult> {
  static override summary = 'Print metrics of all users for Prometheus, or serve them.';
  static override description =
    'Counters add up everything that bridges have recorded; the rest is asked of the engine. ' +
    'docs/metrics.md lists them. With --listen they are gathered anew for each scrape, until Ctrl-C or SIGTERM.';
  static override examples = [
    '<%= config.bin %> metrics > /var/lib/prometheus/node-exporter/mcpd.prom',
    '<%= config.bin %> metrics --listen 127.0.0.1:9464',
    '<%= config.bin %> metrics --listen 10.0.0.5:9464 --token-file /etc/mcpd/scrape-token',
  ];
  static override flags = {
    listen: flagOf(listenAddress)({
      summary: 'Serve /metrics and /healthz over HTTP on this address.',
      helpValue: 'ADDRESS:PORT',
    }),
    'token-file': string({
      summary: 'File (0600) with the bearer token that a scraper must present.',
      dependsOn: ['listen'],
      helpValue: 'FILE',
    }),
  };
  static override readonly result = metricsResult;

  #text = '';

  async run(): Promise<MetricsResult> {
    const { flags } = await this.parse(Metrics);
    const context = await this.context('read');
    const { version } = this.config;
    if (flags.listen) {
      const ended = new AbortController();
      process.once('SIGTERM', () => ended.abort());
      const scrapes = await listenForScrapes(context, {
        version,
        address: flags.listen,
        tokenFile: flags['token-file'],
        signal: AbortSignal.any([this.signal, ended.signal]),
      });
      return { metrics: [], scrapes };
    }
    const registry = await takeMetrics(context, version);
    // One of the two only: each takes as long as everything else.
    if (this.jsonEnabled()) return toResult(registry);
    this.#text = await registry.metrics();
    return { metrics: [], scrapes: 0 };
  }

  protected render(): string {
    return this.#text;
  }
}
