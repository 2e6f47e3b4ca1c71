import type { Engine } from '../engine/engine.ts';

const count = 20;

/** The last 20 lines of a container's log, for error messages. */
export async function lastLogLines(engine: Engine, containerId: string): Promise<string[]> {
  let text = '';
  const options = { follow: false, tail: count, timestamps: false };
  for await (const { data } of engine.logs(containerId, options)) text += data.toString('utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
