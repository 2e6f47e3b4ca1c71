import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/** What starts this very mcpd: its Node and its launcher, absolute. `root` is the package's folder. */
export function programPath(root: string): readonly [node: string, launcher: string] {
  return [process.execPath, realpathSync.native(join(root, 'bin/run.js'))];
}
