import { spawnSync } from 'node:child_process';
import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { ratioRow, type Row } from './report.ts';

const rounds = 21;

/** What short commands cost: their start, and a registry with many users. */
export async function benchStartUp(): Promise<Row[]> {
  using few = new BenchHome();
  using some = new BenchHome();
  using many = new BenchHome();
  few.fill(10);
  some.fill(100);
  many.fill(1000);

  const ms = await medians(
    {
      bare: () => timed(() => spawnSync(process.execPath, ['-e', '0'])),
      version: () => timed(() => few.run(['--version'])),
      few: () => timed(() => few.run(['user', 'list'])),
      some: () => timed(() => some.run(['user', 'list'])),
      many: () => timed(() => many.run(['user', 'list'])),
    },
    rounds,
  );
  const bare = { against: 'bare `node -e 0`', againstMs: ms.bare };
  return [
    ratioRow({ what: '`mcpd --version`', ms: ms.version, ...bare, budget: 3 }),
    ratioRow({ what: '`mcpd user list`, 100 users', ms: ms.some, ...bare, budget: 4 }),
    ratioRow({
      what: '`mcpd user list`, 1,000 users',
      ms: ms.many,
      against: 'with 10 users',
      againstMs: ms.few,
      budget: 2,
    }),
  ];
}
