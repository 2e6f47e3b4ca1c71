import { userInfo } from 'node:os';

/** Who runs a command. */
export interface Caller {
  /** Account of the uid; the uid as text where it has none. */
  readonly user: string;
  readonly uid: number;
  /** Who became root with sudo. */
  readonly sudoUser: string | null;
}

interface World {
  /** This process's. */
  readonly uid: number;
  readonly env: NodeJS.ProcessEnv;
}

/** Only root is believed about sudo: anybody else may set that variable. */
export function callerOf({ uid, env }: World): Caller {
  const sudoUser = uid === 0 ? env['SUDO_USER']?.slice(0, 64) : undefined;
  return { user: uid === 0 ? 'root' : accountOf(uid), uid, sudoUser: sudoUser || null };
}

/** The account that a command is run by: who used sudo when there was one. */
export function callerAccount(world: World): string {
  const { user, sudoUser } = callerOf(world);
  return sudoUser ?? user;
}

function accountOf(uid: number): string {
  try {
    const info = userInfo();
    return info.uid === uid ? info.username : String(uid);
  } catch {
    return String(uid);
  }
}
