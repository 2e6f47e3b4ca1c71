import { compareRow, forEach, nodeServer, starts } from './contestants.ts';
import { EchoClient, type Target } from './echo-clients.ts';
import { medians, timed } from './measure.ts';
import { untilQuiet } from './quiet.ts';
import type { Row } from './report.ts';

const rounds = 21;

/** How long a client waits for its session, one at a time: each next one when all that runs has come to rest. */
export async function benchInitialize(): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const running = await forEach(async (name) => stack.use(await starts[name](nodeServer)));
  const open = async ({ pid, ...target }: Target & { pid: number }): Promise<number> => {
    await untilQuiet(pid);
    const client = await EchoClient.connect(target);
    const ms = await timed(() => client.initialize());
    await client.close();
    return ms;
  };
  const figures = await medians(
    {
      mcpd: () => open(running.mcpd),
      'mcp-proxy': () => open(running['mcp-proxy']),
      supergateway: () => open(running.supergateway),
    },
    rounds,
  );
  return [
    compareRow({
      what: '`initialize`, p50',
      figures,
      format: (ms) => `${ms.toFixed(1)} ms`,
      budget: { atMost: 5 },
      isAbsolute: true,
    }),
  ];
}
