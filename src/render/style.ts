import { Chalk, type ChalkInstance } from 'chalk';

export type Style = ChalkInstance;

/** Colours for one stream: none in a pipe or under `NO_COLOR`, unless `FORCE_COLOR` says so. */
export function styleFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  if (env['NO_COLOR']) return new Chalk({ level: 0 });
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const isAble = stream.isTTY === true && env['TERM'] !== 'dumb';
  return new Chalk({ level: isForced || isAble ? 1 : 0 });
}
