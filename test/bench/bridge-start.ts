import { spawnSync } from 'node:child_process';
import { lightServer } from './contestants.ts';
import { startBridge } from './mcpd-bridge.ts';
import { medians, timed } from './measure.ts';
import { ratioRow, type Row } from './report.ts';

const rounds = 21;

/** From the start of the bridge's process until it listens. */
export async function benchBridgeStart(): Promise<Row[]> {
  const ms = await medians(
    {
      bare: () => timed(() => spawnSync(process.execPath, ['-e', '0'])),
      bridge: async () => {
        await using bridge = await startBridge(lightServer);
        return bridge.startMs;
      },
    },
    rounds,
  );
  return [
    ratioRow({
      what: 'start to listening, from one file',
      ms: ms.bridge,
      against: 'bare `node -e 0`',
      againstMs: ms.bare,
      budget: 2,
    }),
  ];
}
