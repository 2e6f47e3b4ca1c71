import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { isExposed } from '../../../src/bridge/http-exposure.ts';

test.each([
  ['127.0.0.1', false],
  ['127.0.0.2', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['0.0.0.0', true],
  ['::', true],
])('who listens at %s is exposed: %s', async (address, expected) => {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(isExposed(port)).toBe(expected);
  server.close();
  await once(server, 'close');
  expect(isExposed(port)).toBe(false);
});

test('without the kernel’s tables nothing is known to be exposed', () => {
  expect(isExposed(80, '/nowhere')).toBe(false);
});
