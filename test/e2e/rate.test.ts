import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { TestClient } from '../support/client.ts';
import { Tenancy } from '../support/tenancy.ts';

const minuteMs = 60_000;

it('600 requests a minute are 600 ± 5 % of what eight clients ask of two servers of one user in a whole minute', async () => {
  await using tenancy = await Tenancy.open();
  const { servers, token } = await tenancy.addUser('bob', '--server', 'memory,everything');
  await using stack = new AsyncDisposableStack();
  const clients = await Promise.all(
    Array.from({ length: 8 }, async (_, index) => {
      const { name = '', url = '' } = servers[index % servers.length] ?? {};
      const client = stack.use(await TestClient.connect(url, token, { fetch: fetchInTime }));
      return { name, client: client.client };
    }),
  );
  // A burst of two seconds: a machine that is busy for a moment loses nothing, and the sum is still 620 at most.
  await tenancy.json(['user', 'update', 'bob', '--rate', '600', '--burst', '20']);
  const end = performance.now() + minuteMs;
  const passed = new Map<string, number>();
  await Promise.all(
    clients.map(async ({ name, client }) => {
      for (;;) {
        await client.listTools();
        if (performance.now() > end) return;
        passed.set(name, (passed.get(name) ?? 0) + 1);
      }
    }),
  );
  expect([...passed.keys()].toSorted()).toEqual(['everything', 'memory']);
  const sum = [...passed.values()].reduce((total, count) => total + count, 0);
  expect(sum).toBeGreaterThanOrEqual(570);
  expect(sum).toBeLessThanOrEqual(630);
});

/** Asks again when it may, as clients do that are told when. */
const fetchInTime: typeof fetch = async (address, init) => {
  for (;;) {
    const response = await fetch(address, init);
    if (response.status !== 429) return response;
    await delay(Number(response.headers.get('retry-after')) * 1_000);
  }
};
