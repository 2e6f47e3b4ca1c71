import { homedir } from 'node:os';
import { join } from 'node:path';

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

/** `MCPD_HOME`, else `/var/lib/mcpd` as root, else `$XDG_STATE_HOME/mcpd`. */
export function resolveHome(env: NodeJS.ProcessEnv, uid: number): Home {
  const fallback =
    uid === 0
      ? '/var/lib/mcpd'
      : join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local/state'), 'mcpd');
  const root = env['MCPD_HOME'] ?? fallback;
  return {
    root,
    registry: join(root, 'registry.db'),
    config: join(root, 'config.json'),
    keys: join(root, 'keys'),
    users: join(root, 'users'),
    audit: join(root, 'audit'),
    runtime: uid === 0 ? '/run/mcpd' : join(env['XDG_RUNTIME_DIR'] ?? `/tmp/mcpd-${uid}`, 'mcpd'),
    // Accounts other than root share an engine too, and must not share object names.
    isDefault: uid === 0 && root === fallback,
  };
}
