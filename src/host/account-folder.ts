import { homedir } from 'node:os';

/**
 * The home folder of the account that runs this: `$HOME`, else what its entry says. Undefined for a uid
 * that has neither, as jobs in containers have.
 */
export function accountFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
