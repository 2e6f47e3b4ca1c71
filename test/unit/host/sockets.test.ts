import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import {
  freePorts,
  parseListeners,
  portHolder,
  portHolders,
  readListeners,
} from '../../../src/host/sockets.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E20 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:4E21 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 112 1 0 20 4 30 10 -1
   2: 00000000:4E22 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 113 1 0 100 0 0 10 0
`;

test('parseListeners reads listening sockets and leaves connections out', () => {
  expect(parseListeners(table)).toEqual([
    { address: '127.0.0.1', port: 20000, inode: '111' },
    { address: '0.0.0.0', port: 20002, inode: '113' },
  ]);
});

test('parseListeners understands IPv6 wildcards and IPv4 in IPv6', () => {
  const line = (address: string) =>
    `title\n 0: ${address}:0050 0:0 0A 0:0 0:0 0 0 0 9 1 0 0 0 0 0 0`;
  expect(parseListeners(line('0'.repeat(32)))[0]?.address).toBe('::');
  expect(parseListeners(line('0000000000000000FFFF00000100007F'))[0]?.address).toBe('127.0.0.1');
});

test('freePorts sees conflicts with the same address and with wildcards only', () => {
  const listeners = parseListeners(table);
  expect([20000, 20001, 20002].map(freePorts('127.0.0.1', listeners))).toEqual([
    false,
    true,
    false,
  ]);
  expect([20000, 20001, 20002].map(freePorts('192.0.2.1', listeners))).toEqual([true, true, false]);
  expect([20000, 20001, 20002].map(freePorts('0.0.0.0', listeners))).toEqual([false, true, false]);
});

test('a port this process listens on is not free and is held by this process', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    expect(freePorts('127.0.0.1', await readListeners())(port)).toBe(false);
    expect((await portHolder(port))?.pid).toBe(process.pid);
    expect((await portHolders((one) => one === port)).size).toBe(1);
  } finally {
    server.close();
    await once(server, 'close');
  }
  expect(freePorts('127.0.0.1', await readListeners())(port)).toBe(true);
  expect(await portHolder(port)).toBeUndefined();
});
