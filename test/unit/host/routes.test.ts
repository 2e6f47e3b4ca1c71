import { expect, test } from 'vitest';
import { hostRoutes, parseRoutes } from '../../../src/host/routes.ts';

test('parseRoutes gives every route but the default one', () => {
  const text = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
mcpd-0ac80010\t1000C80A\t00000000\t0001\t0\t0\t0\tF0FFFFFF\t0\t0\t0
`;
  expect(parseRoutes(text)).toEqual([
    { device: 'docker0', cidr: '172.17.0.0/16' },
    { device: 'mcpd-0ac80010', cidr: '10.200.0.16/28' },
  ]);
});

test('hostRoutes reads this host', () => {
  for (const cidr of hostRoutes()) expect(cidr).toMatch(/^(\d+\.){3}\d+\/\d+$/);
});
