import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram, installPackage } from './debian.ts';

export interface LoadedPage {
  /** The document after it was loaded, as the browser understood it. */
  readonly dom: string;
  /** What the page or the browser wrote on its console. */
  readonly console: readonly string[];
}

/** Opens a file in a real browser; Debian's is installed where there is none. */
export async function loadPage(path: string): Promise<LoadedPage> {
  const flags = ['--no-sandbox', '--disable-gpu', '--enable-logging=stderr', '--dump-dom'];
  const argv = ['--headless', ...flags, `file://${path}`];
  const options = { maxBuffer: 2 ** 26, timeout: 60_000 };
  const { stdout, stderr } = await promisify(execFile)(await browser(), argv, options);
  const console = stderr.split('\n').filter((line) => line.includes(':CONSOLE'));
  return { dom: stdout, console };
}

const names = ['chromium-headless-shell', 'chromium', 'google-chrome', 'chrome'];

async function browser(): Promise<string> {
  if (findProgram(...names) === undefined) await installPackage('chromium-headless-shell');
  const found = findProgram(...names);
  if (found === undefined) throw new Error(`There is no browser: ${names.join(', ')}`);
  return found;
}
