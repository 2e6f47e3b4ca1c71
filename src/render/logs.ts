import type { ServerLogLine } from '../observe/logs.ts';
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

/** Keeps tabs and colours, and shows every other control character as `?`. */
export function harmless(line: string): string {
  const parts = line.split(/(\p{Cc}\[[\d;]*m)/u);
  const shown = parts.map((part) =>
    isColour(part) ? part : part.replaceAll(/(?!\t)\p{Cc}/gu, '?'),
  );
  // A colour left on would run into the next line.
  return parts.some(isColour) ? `${shown.join('')}\u001b[0m` : shown.join('');
}

function isColour(part: string): boolean {
  return part.startsWith('\u001b[') && part.endsWith('m') && /^[\d;]*$/.test(part.slice(2, -1));
}
