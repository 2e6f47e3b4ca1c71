import { isIP } from 'node:net';
import * as z from 'zod';
import { RefusedError } from '../errors.ts';

export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9464`, `[::1]:9464`, or a port of 127.0.0.1: `9464`, `:9464`. */
export const listenAddress = z.string().transform((text, issue): ListenAddress => {
  const parts = /^(?:\[(?<six>[^\]]+)\]:|(?<four>[\d.]+):|:)?(?<port>\d{1,5})$/.exec(text)?.groups;
  const host = parts?.['six'] ?? parts?.['four'] ?? '127.0.0.1';
  const port = Number(parts?.['port']);
  if (parts && isIP(host) === (parts['six'] === undefined ? 4 : 6) && port <= 65_535) {
    return { host, port };
  }
  issue.addIssue(`"${text}" is not an address with a port; write e.g. 127.0.0.1:9464`);
  return z.NEVER;
});

/** Throws RefusedError for an address that others can reach, unless they must present a token. */
export function refuseOpenAddress({ host }: ListenAddress, token: string | undefined): void {
  const isLoopback = host.startsWith('127.') || host === '::1';
  if (isLoopback || token !== undefined) return;
  throw new RefusedError(`Without a token anybody who reaches ${host} could read all metrics.`, {
    code: 'OPEN_ADDRESS',
    suggestions: ['Add --token-file FILE.', 'Listen on 127.0.0.1.'],
  });
}
