import { exchange } from './exchange.ts';
import { goodClient } from './good-client.ts';
import { makeInput } from './inputs.ts';
import { judge } from './judge.ts';
import { startTarget } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** The number of the first input. */
  readonly from: number;
  readonly count: number;
  readonly tell?: (line: string) => void;
}

/** An input the bridge took wrongly; `number` alone says how to make it again. */
export interface Failure {
  readonly number: number;
  readonly problem: string;
  readonly family: string;
  readonly sent: string;
  readonly got: string;
}

export interface FuzzReport {
  readonly failures: readonly Failure[];
  /** What was wrong with the bridge as a whole. */
  readonly complaints: readonly string[];
  readonly rssBytes: number;
}

const atOnce = 24;
const roundInputs = 500;
const failuresAtMost = 10;
/** It stays below 140 MiB for as long as it is sent something; a leak of 1 KiB per input would show. */
const rssAtMost = 192 * 2 ** 20;
const filesAtMost = 100;

/** Sends inputs to a bridge, many at once, and looks after it every 500. */
export async function fuzz({ seed, from, count, tell }: FuzzOptions): Promise<FuzzReport> {
  const target = await startTarget();
  const client = goodClient(target);
  const failures: Failure[] = [];
  const complaints: string[] = [];
  let rssBytes = 0;
  const look = async (): Promise<void> => {
    complaints.push(...target.complaints());
    if (complaints.length > 0) return;
    rssBytes = Math.max(rssBytes, target.rssBytes());
    if (rssBytes > rssAtMost) complaints.push(`the bridge takes ${rssBytes} bytes`);
    if (target.openFiles() > filesAtMost) complaints.push(`${target.openFiles()} files are open`);
  };

  for (let first = from; first < from + count; first += roundInputs) {
    if (complaints.length > 0 || failures.length >= failuresAtMost) break;
    const session = await client.open().catch((error: unknown) => complaints.push(String(error)));
    if (typeof session !== 'string') break;
    const known = { host: `127.0.0.1:${target.port}`, token: target.token, session };
    const last = Math.min(from + count, first + roundInputs);
    let next = first;
    const work = async (): Promise<void> => {
      while (next < last) {
        const number = next++;
        const input = makeInput(seed, number, known);
        const outcome = await exchange(target.port, input);
        const problem = judge(input, outcome);
        if (problem === undefined) continue;
        const sent = show(Buffer.concat(input.pieces))
          .replaceAll(target.token, 'TOKEN')
          .replaceAll(session, 'SESSION');
        failures.push({ number, problem, family: input.family, sent, got: show(outcome.bytes) });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    const problem = await client.check();
    if (problem !== undefined) complaints.push(problem);
    await look();
    tell?.(`${last - from} inputs, ${failures.length} failures, ${rssBytes >> 20} MiB`);
  }
  complaints.push(...(await target.close()));
  return { failures, complaints: [...new Set(complaints)], rssBytes };
}

function show(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'));
  return text.length > 3000 ? `${text.slice(0, 3000)}… (${bytes.length} bytes)` : text;
}
