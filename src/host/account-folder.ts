import { homedir, userInfo } from 'node:os';
import { isAbsolute } from 'node:path';

/**
 * The home folder of the account that runs this: `$HOME`, else what its entry says. Undefined for a uid
 * that has neither, as jobs in containers have.
 */
export function accountFolder(): string | undefined {
  try {
    const folder = homedir();
    return isAbsolute(folder) ? folder : userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** A folder of the XDG specification, which wants one that is empty or relative taken for none. */
export function xdgFolder(
  env: NodeJS.ProcessEnv,
  name: 'XDG_CONFIG_HOME' | 'XDG_RUNTIME_DIR' | 'XDG_STATE_HOME',
): string | undefined {
  const folder = env[name];
  return folder !== undefined && isAbsolute(folder) ? folder : undefined;
}
