import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { copyContainer } from './raw-container.ts';
import { ratioRow, type Row } from './report.ts';

/** `user add` of a built template, against the same container made by calls of the engine's API. */
export async function benchUserAdd(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const ms = await addAndRaw(home, { rounds: 15, flags: [] });
    return [
      ratioRow({
        what: '`mcpd user add` to MCP-ready, image built',
        ms: ms.add,
        against: 'raw API calls',
        againstMs: ms.raw,
        budget: 1.25,
      }),
    ];
  } finally {
    removeUsers(home);
  }
}

/** Medians of both, in turns. `flags` are those of `user add`. The user `copied` stays in the registry. */
export async function addAndRaw(
  home: BenchHome,
  { rounds, flags }: { readonly rounds: number; readonly flags: readonly string[] },
): Promise<{ add: number; raw: number }> {
  const { user, servers, token } = home.json<Added>(['user', 'add', 'copied', ...flags]);
  const { name: server = '', port = 0 } = servers[0] ?? {};
  const raw = await copyContainer({ network: user.network.name, server, port, token });
  return medians(
    {
      add: async () => {
        const argv = ['user', 'add', 'measured', '--json', ...flags];
        const tookMs = await timed(() => home.run(argv));
        home.run(['user', 'remove', 'measured', '--purge', '--yes']);
        return tookMs;
      },
      raw: async () => {
        const tookMs = await timed(() => raw.make());
        await raw.remove();
        return tookMs;
      },
    },
    rounds,
  );
}

interface Added {
  readonly user: { readonly network: { readonly name: string } };
  readonly servers: readonly { readonly name: string; readonly port: number }[];
  readonly token: string;
}

/** Also what raw calls made, since it carries the user's labels. */
function removeUsers(home: BenchHome): void {
  const { users } = home.json<{ users: { name: string }[] }>(['user', 'list']);
  for (const { name } of users) home.run(['user', 'remove', name, '--purge', '--yes']);
}
