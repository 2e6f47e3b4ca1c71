import { once } from 'node:events';
import { resolveHome, type Home } from '../../../../src/config/home.ts';

/** The home that the parent named. */
export function homeOf(root = ''): Home {
  return resolveHome({ MCPD_HOME: root }, process.getuid?.() ?? 0);
}

/** Tells the parent that loading is done, and waits until all others have loaded too. */
export async function waitForStart(): Promise<void> {
  process.stdout.write('ready\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
}
