import type { HostConfig } from '../config/schema.ts';
import type { IssuerKeys } from './keys.ts';

export const keyStates = ['untrusted', 'missing', 'good', 'aging', 'expired'] as const;

/**
 * - `untrusted`: no issuer is named.
 * - `missing`: one is, and none of its keys were ever fetched, so that no token is good.
 * - `aging`: more than half of the time that they are good for is over: nobody fetches them often enough.
 * - `expired`: its tokens are refused.
 */
export type KeyState = (typeof keyStates)[number];

/** Where the keys of the trusted issuer are in their life. `now` in ms since the epoch. */
export function judgeKeys(
  { issuer, maxAgeHours }: HostConfig['oidc'],
  keys: IssuerKeys | undefined,
  now: number,
): KeyState {
  if (issuer === '') return 'untrusted';
  if (keys === undefined || keys.keys.length === 0) return 'missing';
  const share = (now - keys.fetchedAt) / (maxAgeHours * 3_600_000);
  return share < 0.5 ? 'good' : share < 1 ? 'aging' : 'expired';
}
