import { compareRow, forEach, lightServer, starts, type Name } from './contestants.ts';
import { EchoClient } from './echo-clients.ts';
import { medians, timed } from './measure.ts';
import type { Row } from './report.ts';

const bytes = 10_000_000;
const rounds = 15;

/** How fast one large result of a tool gets through, by all contestants in turns. */
export async function benchBigResult(): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const clients = await forEach(async (name) => {
    const running = stack.use(await starts[name](lightServer));
    return EchoClient.open(running);
  });
  const call = async (name: Name): Promise<number> => {
    let size = 0;
    const ms = await timed(
      async () => (size = (await clients[name].call('big', { bytes })).length),
    );
    if (size < bytes) throw new Error(`${name} answered ${size} bytes of ${bytes}`);
    return ms;
  };
  const ms = await medians(
    {
      mcpd: () => call('mcpd'),
      'mcp-proxy': () => call('mcp-proxy'),
      supergateway: () => call('supergateway'),
    },
    rounds,
  );
  await forEach((name) => clients[name].close());
  return [
    compareRow({
      what: 'a tool result of 10 MB',
      figures: await forEach(async (name) => bytes / 1e6 / (ms[name] / 1000)),
      format: (figure) => `${Math.round(figure)} MB/s`,
      budget: { atLeast: 2 },
    }),
  ];
}
