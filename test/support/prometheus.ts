import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackPackage } from './debian.ts';
import { unusedPorts } from './unused.ts';

export interface ScrapeTarget {
  /** Of `/metrics`. */
  readonly url: string;
  readonly tokenFile: string;
}

/** A real Prometheus of Debian's package that scrapes one target every second. Disposing of it ends it. */
export class Prometheus implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #origin: string;

  private constructor(folder: string, child: ChildProcess, origin: string) {
    this.#folder = folder;
    this.#child = child;
    this.#origin = origin;
  }

  static async start({ url, tokenFile }: ScrapeTarget): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'mcpd-prometheus-'));
    const { host } = new URL(url);
    // JSON is YAML too.
    const scrape = {
      job_name: 'mcpd',
      scrape_interval: '1s',
      authorization: { credentials_file: tokenFile },
      static_configs: [{ targets: [host] }],
    };
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, JSON.stringify({ scrape_configs: [scrape] }));
    const address = `127.0.0.1:${await unusedPorts(1)}`;
    const program = await programOf('prometheus');
    const flags = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn(program, flags, { stdio: 'ignore' });
    return new Prometheus(folder, child, `http://${address}`);
  }

  /** Values of a query by PromQL, in the order of its series; none before it answers. */
  async query(query: string): Promise<number[]> {
    const url = new URL('/api/v1/query', this.#origin);
    url.searchParams.set('query', query);
    const response = await fetch(url).catch(() => undefined);
    if (!response?.ok) return [];
    const { data } = (await response.json()) as QueryAnswer;
    return data.result.map(({ value }) => Number(value[1]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill();
    await exited;
    rmSync(this.#folder, { recursive: true });
  }
}

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** What `promtool check metrics` has to say about a text; empty: it has no complaint. */
export async function checkMetrics(text: string): Promise<string> {
  const options = { input: text, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    await programOf('promtool'),
    ['check', 'metrics'],
    options,
  );
  return status === 0 ? '' : stdout + stderr;
}

async function programOf(name: 'prometheus' | 'promtool'): Promise<string> {
  return join(await unpackPackage('prometheus'), 'usr/bin', name);
}
