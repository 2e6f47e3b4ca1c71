import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { Authenticator, Principal } from '../../../src/bridge/auth.ts';
import { createCallers } from '../../../src/bridge/callers.ts';

/** Tokens are names of principals; `revoked` ones are no longer valid. */
function world() {
  const revoked = new Set<string>();
  const used: string[] = [];
  const authenticator: Authenticator = {
    authenticate: async (header) => {
      if (header === undefined) return 'missing';
      return revoked.has(header) ? 'invalid' : principal(header);
    },
    isCurrent: ({ tokenId }) => !revoked.has(tokenId),
    used: ({ tokenId }) => void used.push(tokenId),
  };
  return { callers: createCallers(authenticator), revoked, used };
}

function principal(tokenId: string): Principal {
  return { subject: 'bob', tokenId, scopes: new Set(), expiresAt: Infinity };
}

const connection = () => ({}) as Socket;
const from = (socket: Socket, authorization?: string) => ({
  socket,
  headers: authorization === undefined ? {} : { authorization },
});

test('a connection is known by the header it sent last, and by no other', async () => {
  const { callers, used } = world();
  const socket = connection();
  expect(callers.recall(from(socket, 'a'))).toBeUndefined();
  await callers.identify(from(socket, 'a'));
  expect(callers.recall(from(socket, 'a'))?.tokenId).toBe('a');
  expect(used).toEqual(['a']);
  expect(callers.recall(from(socket, 'b'))).toBeUndefined();
  expect(callers.recall(from(socket))).toBeUndefined();
  expect(callers.recall(from(connection(), 'a'))).toBeUndefined();
  await callers.identify(from(socket, 'b'));
  expect(callers.recall(from(socket, 'b'))?.tokenId).toBe('b');
  expect(callers.recall(from(socket, 'a'))).toBeUndefined();
});

test('a known connection whose token was revoked is not known any more', async () => {
  const { callers, revoked } = world();
  const socket = connection();
  await callers.identify(from(socket, 'a'));
  revoked.add('a');
  expect(callers.recall(from(socket, 'a'))).toBeUndefined();
  expect(await callers.identify(from(socket, 'a'))).toBe('invalid');
});

test('what was refused is not remembered', async () => {
  const { callers } = world();
  const socket = connection();
  expect(await callers.identify(from(socket))).toBe('missing');
  expect(callers.recall(from(socket))).toBeUndefined();
});
