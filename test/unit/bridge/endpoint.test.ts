import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Principal } from '../../../src/bridge/auth.ts';
import { createEndpoint } from '../../../src/bridge/endpoint.ts';

const principal: Principal = {
  subject: 'bob',
  tokenId: 't1',
  scopes: new Set(),
  expiresAt: Infinity,
};

test('nothing is begun for a client that leaves while its token is looked at', async () => {
  const verified = Promise.withResolvers<Principal>();
  const listen = vi.fn<() => void>();
  const endpoint = createEndpoint({
    authenticator: {
      authenticate: () => verified.promise,
      used: () => undefined,
      isCurrent: () => true,
    },
    journal: { isFull: false },
    sessions: { find: () => ({ id: 'one', listen }) },
    metadataUrl: 'http://127.0.0.1/.well-known/oauth-protected-resource',
  } as unknown as Parameters<typeof createEndpoint>[0]);
  const taken = Promise.withResolvers<{ handled: unknown; response: ServerResponse }>();
  const server = createServer((asked, response) => {
    taken.resolve({ handled: endpoint(asked, response), response });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());

  const { port } = server.address() as AddressInfo;
  const headers = { accept: 'text/event-stream', 'mcp-session-id': 'one' };
  const client = request({ host: '127.0.0.1', port, headers, agent: false });
  client.on('error', () => {});
  client.end();
  const { handled, response } = await taken.promise;
  const left = once(response, 'close');
  client.destroy();
  await left;
  verified.resolve(principal);
  await handled;
  expect(listen).not.toHaveBeenCalled();
});
