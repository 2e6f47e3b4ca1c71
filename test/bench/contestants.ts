import { join } from 'node:path';
import { startBridge } from './mcpd-bridge.ts';
import { peerNames, startPeer } from './peers.ts';
import type { Row } from './report.ts';
import type { Start } from './running.ts';

export const names = ['mcpd', ...peerNames] as const;
export type Name = (typeof names)[number];

export const starts: Readonly<Record<Name, Start>> = {
  mcpd: startBridge,
  'mcp-proxy': startPeer('mcp-proxy'),
  supergateway: startPeer('supergateway'),
};

/** Starts and answers at next to no cost, so that what is measured is what stands before it. */
export const lightServer = ['perl', join(import.meta.dirname, 'echo-server.pl')];
/** Starts as a server in Node does. */
export const nodeServer = [
  process.execPath,
  join(import.meta.dirname, '../fixtures/stdio-server.mjs'),
];

/** One figure for each, gathered in their order. */
export async function forEach<Value>(
  measure: (name: Name) => Promise<Value>,
): Promise<Record<Name, Value>> {
  const values: [Name, Value][] = [];
  for (const name of names) values.push([name, await measure(name)]);
  return Object.fromEntries(values) as Record<Name, Value>;
}

interface Comparison {
  readonly what: string;
  readonly figures: Readonly<Record<Name, number>>;
  readonly format: (figure: number) => string;
  /** The bridge's figure as a multiple of the better peer's, or, with `isAbsolute`, by itself. */
  readonly budget: { readonly atLeast: number } | { readonly atMost: number };
  readonly isAbsolute?: boolean;
}

/** A row with the bridge's figure beside those of the peers. */
export function compareRow(comparison: Comparison): Row {
  const { what, figures, format, budget, isAbsolute = false } = comparison;
  const isMore = 'atLeast' in budget;
  const others = peerNames.map((name) => figures[name]);
  const ratio = figures.mcpd / (isMore ? Math.max(...others) : Math.min(...others));
  const judged = isAbsolute ? figures.mcpd : ratio;
  const bound = isMore ? budget.atLeast : budget.atMost;
  const isMet = isMore ? judged >= bound : judged <= bound;
  return {
    what,
    measured: [format(figures.mcpd), ...(isAbsolute ? [] : [`${ratio.toFixed(2)}×`])].join(', '),
    against: peerNames.map((name) => `\`${name}\` ${format(figures[name])}`).join(', '),
    budget: `${isMore ? '≥' : '≤'} ${isAbsolute ? format(bound) : `${bound}×`}`,
    verdict: isMet ? 'met' : 'over',
  };
}
