import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const suite = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/dist/index.js'));

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'INFO' | 'SKIPPED' | 'WARNING' | 'FAILURE';
  readonly errorMessage?: string;
}

export interface Scenario {
  readonly name: string;
  /** Why the revision does not count it: `extension`, `pending`; undefined when it does. */
  readonly uncounted: string | undefined;
  readonly checks: readonly Check[];
}

/** What the official suite finds at this address, by scenario, in the order of their names. */
export async function runConformance(url: string, revision: string): Promise<Scenario[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpd-conformance-'));
  try {
    const args = ['server', '--url', url, '--requirements', revision, '--output-dir', folder];
    const printed = await run([suite, ...args]);
    const uncounted = new Map(
      [...printed.matchAll(/^ {2}[✓✗] (\S+) \(([\w-]+)\)$/gm)].map(([, name = '', why]) => [
        name,
        why,
      ]),
    );
    const runs = (await readdir(folder)).toSorted();
    return await Promise.all(
      runs.map(async (one) => {
        // `server-tools-list-2026-01-31T12-00-00-000Z`
        const name = one.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
        return {
          name,
          uncounted: uncounted.get(name),
          checks: await readChecks(join(folder, one)),
        };
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Whether nothing was found wrong, and something right. */
export function isPassed({ checks }: Scenario): boolean {
  const statuses = new Set(checks.map(({ status }) => status));
  return statuses.has('SUCCESS') && !statuses.has('WARNING') && !statuses.has('FAILURE');
}

/** What came out worse than in a passed scenario of `reference`: `scenario: check: why`. */
export function losses(reference: readonly Scenario[], found: readonly Scenario[]): string[] {
  return reference.filter(isPassed).flatMap(({ name, checks }) => {
    const others = found.find((scenario) => scenario.name === name)?.checks ?? [];
    const ids = [
      ...checks.filter(({ status }) => status === 'SUCCESS'),
      ...others.filter(({ status }) => isBad(status)),
    ].map(({ id }) => id);
    return [...new Set(ids)].flatMap((id) => {
      const same = others.filter((check) => check.id === id);
      const bad = same.find(({ status }) => isBad(status));
      if (same.length > 0 && bad === undefined) return [];
      return [
        `${name}: ${id}: ${(bad?.errorMessage ?? bad?.status ?? 'not reached').slice(0, 300)}`,
      ];
    });
  });
}

/** `INFO` is no loss: so the suite notes which of two allowed ways a server goes. */
function isBad(status: Check['status']): boolean {
  return status !== 'SUCCESS' && status !== 'INFO';
}

/** A scenario that throws leaves no results. */
async function readChecks(folder: string): Promise<Check[]> {
  const text = await readFile(join(folder, 'checks.json'), 'utf8').catch(() => undefined);
  const broken = {
    id: 'scenario',
    status: 'FAILURE',
    errorMessage: 'did not run to its end',
  } as const;
  return text === undefined ? [broken] : (JSON.parse(text) as Check[]);
}

/** The suite ends with 1 when a check fails, which is for the caller to judge. */
function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) => {
      if (stdout.includes('=== SUMMARY ===')) resolve(stdout);
      else
        reject(
          new Error(`The conformance suite did not run to its end.\n${stdout}${stderr}`, {
            cause: error,
          }),
        );
    });
  });
}
