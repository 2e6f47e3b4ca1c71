import { chmodSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RefusedError } from '../errors.ts';
import { distrust, realFiles, trustedOwners } from '../workspace/trust.ts';
import type { Home } from './home.ts';

/**
 * Makes the home and its `users` folder, traversable but not listable (0711), and refuses a home
 * that somebody else could write to or, as root, swap.
 */
export function ensureHome(home: Home): void {
  mkdirSync(dirname(home.root), { recursive: true, mode: 0o755 });
  makeFolder(home.root, 0o711);
  const problem = homeProblem(realpathSync.native(home.root), process.getuid?.() ?? 0);
  if (problem !== undefined) {
    throw new RefusedError(`The home ${home.root} is not safe: ${problem}.`, {
      code: 'HOME_UNSAFE',
      suggestions: [
        `Make it and its parent folders yours alone to write to, or set MCPD_HOME to another folder.`,
      ],
    });
  }
  makeFolder(home.users, 0o711);
}

/** Makes one folder with exactly this mode, whatever the umask; leaves an existing one as it is. True when made. */
export function makeFolder(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
  chmodSync(path, mode);
  return true;
}

/** On a laptop, folders above the home may be writable by a private group; as root they may not. */
function homeProblem(root: string, uid: number): string | undefined {
  if (uid === 0) return distrust(root, { owners: trustedOwners(0), facts: realFiles });
  const stat = statSync(root);
  if (stat.uid !== uid) return `${root} belongs to uid ${stat.uid}`;
  return (stat.mode & 0o022) === 0 ? undefined : `${root} is writable by others`;
}
