import type { IncomingMessage } from 'node:http';
import type { Authenticator, Principal } from './auth.ts';

type Sender = Pick<IncomingMessage, 'headers' | 'socket'>;

interface Known {
  readonly header: string;
  readonly principal: Principal;
}

/** Who sends requests, by connection. */
export interface Callers {
  /** Who sent this, when the connection sent the same header before and its token is still valid. */
  recall(request: Sender): Principal | undefined;
  /** Verifies the header, and remembers it with its connection when it is good. */
  identify(request: Sender): ReturnType<Authenticator['authenticate']>;
}

/**
 * A client sends the same token again and again on one connection: comparing it with the one before is
 * cheaper than hashing it. Whether it has been revoked is looked at every time.
 */
export function createCallers({ authenticate, isCurrent, used }: Authenticator): Callers {
  const last = new WeakMap<Sender['socket'], Known>();
  return {
    recall: ({ headers, socket }) => {
      const known = last.get(socket);
      if (known === undefined || known.header !== headers.authorization) return undefined;
      if (!isCurrent(known.principal)) return undefined;
      used(known.principal);
      return known.principal;
    },
    identify: async ({ headers, socket }) => {
      const header = headers.authorization;
      const principal = await authenticate(header);
      if (typeof principal === 'object' && header !== undefined) {
        last.set(socket, { header, principal });
      }
      return principal;
    },
  };
}
