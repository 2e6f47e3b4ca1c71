import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Starts a program of the `children` folder; it begins its work when its stdin ends. */
export function startChild(program: string, args: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, 'children', program);
  const flags = ['--disable-warning=ExperimentalWarning', '--experimental-strip-types'];
  return spawn(process.execPath, [...flags, path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Runs several of them and lets them all begin at once; gives what each printed. Throws when one fails. */
export async function runTogether(
  count: number,
  program: string,
  args: readonly string[],
): Promise<string[]> {
  const children = Array.from({ length: count }, (_, index) =>
    startChild(program, [...args, String(index)]),
  );
  await Promise.all(children.map((child) => readLine(child)));
  // To the end of all, so that none writes to a home that its test has removed.
  const results = await Promise.all(
    children.map(async (child) => {
      const exited = once(child, 'close');
      child.stdin?.end();
      const output = child.stdout ? text(child.stdout) : '';
      const [code] = (await exited) as [number];
      return { code, output: (await output).trim() };
    }),
  );
  const failed = results.find(({ code }) => code !== 0);
  if (failed) throw new Error(`${program} ended with ${failed.code}`);
  return results.map(({ output }) => output);
}

/** The next piece that a child prints: `ready`, before it waits for its stdin to end. */
export async function readLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the child has no stdout');
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.pause();
  return chunk.toString().trim();
}
