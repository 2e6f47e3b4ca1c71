import { expect, test } from 'vitest';
import { listenAddress, refuseOpenAddress } from '../../../src/metrics/address.ts';
import { thrownBy } from '../registry/temporary.ts';

test.each([
  ['9464', '127.0.0.1', 9464],
  [':9464', '127.0.0.1', 9464],
  ['0.0.0.0:1', '0.0.0.0', 1],
  ['[::1]:65535', '::1', 65_535],
])('%s is an address', (text, host, port) => {
  expect(listenAddress.parse(text)).toEqual({ host, port });
});

test.each(['', 'x', 'localhost:1', '1.2.3:4', '::1:80', '[1.2.3.4]:5', '127.0.0.1:65536', '1:2:3'])(
  '%j is none',
  (text) => {
    expect(listenAddress.safeParse(text).success).toBe(false);
  },
);

test.each(['0.0.0.0', '10.0.0.1', '::', 'fe80::1'])(
  'without a token nobody listens on %s, which others can reach',
  (host) => {
    expect(thrownBy(() => refuseOpenAddress({ host, port: 1 }, undefined))).toMatchObject({
      code: 'OPEN_ADDRESS',
      exitCode: 8,
    });
    refuseOpenAddress({ host, port: 1 }, 'a token');
  },
);

test.each(['127.0.0.1', '127.1.2.3', '::1'])('without a token %s is fine', (host) => {
  expect(() => refuseOpenAddress({ host, port: 1 }, undefined)).not.toThrow();
});
