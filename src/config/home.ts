import { join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { accountFolder, xdgFolder } from '../host/account-folder.ts';

/** Where one installation keeps its state. Two homes on one engine never see each other. */
export interface Home {
  readonly root: string;
  /** `<root>/registry.db` */
  readonly registry: string;
  /** `<root>/config.json` */
  readonly config: string;
  /** `<root>/keys`, 0700 */
  readonly keys: string;
  /** `<root>/users` */
  readonly users: string;
  /** `<root>/audit`, 0700: what commands changed, and the audit of removed users */
  readonly audit: string;
  /** Parent of run-time material, on tmpfs: `/run/mcpd` */
  readonly runtime: string;
  /** True for the machine's default home, whose object names carry no instance. */
  readonly isDefault: boolean;
}

const rootsHome = '/var/lib/mcpd';

/** `MCPD_HOME`, else root's `/var/lib/mcpd`, else `$XDG_STATE_HOME/mcpd`. Throws UsageError when none is set. */
export function resolveHome(env: NodeJS.ProcessEnv, uid: number): Home {
  const root = givenHome(env) ?? (uid === 0 ? rootsHome : accountsHome(env));
  return {
    root,
    registry: join(root, 'registry.db'),
    config: join(root, 'config.json'),
    keys: join(root, 'keys'),
    users: join(root, 'users'),
    audit: join(root, 'audit'),
    runtime:
      uid === 0
        ? '/run/mcpd'
        : join(xdgFolder(env, 'XDG_RUNTIME_DIR') ?? `/tmp/mcpd-${uid}`, 'mcpd'),
    // Accounts other than root share an engine too, and must not share object names.
    isDefault: uid === 0 && root === rootsHome,
  };
}

/** Absolute, and the same for all ways to write it. */
function givenHome({ MCPD_HOME: given }: NodeJS.ProcessEnv): string | undefined {
  if (given !== '') return given && resolve(given);
  // Of a script whose variable isn't set, as likely as not.
  throw new UsageError('MCPD_HOME is empty.', {
    code: 'NO_HOME',
    suggestions: ['Set it to a folder, or unset it for the usual home.'],
  });
}

function accountsHome(env: NodeJS.ProcessEnv): string {
  const account = accountFolder();
  const state = xdgFolder(env, 'XDG_STATE_HOME') ?? (account && join(account, '.local/state'));
  if (state !== undefined) return join(state, 'mcpd');
  throw new UsageError(
    'This account has no home folder, so there is no place for what mcpd keeps.',
    {
      code: 'NO_HOME',
      suggestions: ['Set MCPD_HOME to a folder of its own, and keep it set.'],
    },
  );
}
