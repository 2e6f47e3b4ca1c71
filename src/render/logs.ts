import type { ServerLogLine } from '../observe/logs.ts';
import { harmless } from './harmless.ts';
import type { Style } from './style.ts';

export interface LogRendering {
  /** Servers whose lines may come; more than one: each line begins with its server's name. */
  readonly keys: readonly string[];
  readonly timestamps: boolean;
  readonly style: Style;
  /** True when a terminal shows it: what a tenant logs must not drive the reader's terminal. */
  readonly isTerminal: boolean;
}

const colours = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'cyanBright'] as const;

/** A function from a line to its text, newline included. */
export function logRenderer(options: LogRendering): (line: ServerLogLine) => string {
  const { keys, timestamps, style, isTerminal } = options;
  const width = Math.max(0, ...keys.map((key) => key.length));
  const prefixes = new Map(
    keys.map((key, index) => {
      const colour = colours[index % colours.length] ?? 'cyan';
      return [key, keys.length > 1 ? style[colour](`${key.padEnd(width)} | `) : ''];
    }),
  );
  return ({ server, time, line }) => {
    const stamp = timestamps ? `${time} ` : '';
    return `${prefixes.get(server) ?? ''}${stamp}${isTerminal ? harmless(line) : line}\n`;
  };
}
