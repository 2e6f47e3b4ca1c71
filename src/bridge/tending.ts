import type { Principal } from './auth.ts';

/** What silent connections are sent something after, in ms: clients and what stands between wait longer. */
const keepAliveMs = 15_000;
/** A silent wait turns into an event stream after this, before clients and proxies give up on a head. */
const quietMs = 15_000;

/** Whether it is time again to keep silent connections alive; to be asked with the time, every second. */
export function keepAlives(now: number): (now: number) => boolean {
  let lastAt = now;
  return (at) => {
    const isTime = at - lastAt >= keepAliveMs;
    if (isTime) lastAt = at;
    return isTime;
  };
}

/** An answer that somebody waits for. */
interface Awaited {
  readonly principal: Principal;
  openStream(): void;
  keepAlive(): void;
  drop(): void;
}

export interface Tending {
  readonly now: number;
  readonly keepAlive: boolean;
  readonly isCurrent: (principal: Principal) => boolean;
}

/** Tends a client that waits since `since`: cut off when its token has ended, else shown that it is not forgotten. */
export function tend(reply: Awaited, since: number, { now, keepAlive, isCurrent }: Tending): void {
  if (!isCurrent(reply.principal)) reply.drop();
  else if (now - since >= quietMs) reply.openStream();
  if (keepAlive) reply.keepAlive();
}
