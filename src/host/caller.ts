import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * The account that a command is run by: who used sudo when there was one, else the account of the uid.
 * Only root is believed about sudo: anybody else may set that variable. A uid without an account is
 * given as text.
 */
export async function callerAccount({
  uid,
  env,
}: {
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
}): Promise<string> {
  const { SUDO_USER: sudoUser } = env;
  if (uid === 0) return sudoUser !== undefined && sudoUser !== '' ? sudoUser : 'root';
  try {
    const { stdout } = await promisify(execFile)('getent', ['passwd', '--', String(uid)]);
    return stdout.split(':')[0] || String(uid);
  } catch {
    return String(uid);
  }
}
