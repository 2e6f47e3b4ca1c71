import { BenchHome } from './home.ts';
import { medians, timed } from './measure.ts';
import { copyContainer } from './raw-container.ts';
import { ratioRow, type Row } from './report.ts';

const rounds = 15;

/** `user add` of a built template, against the same container made by calls of the engine's API. */
export async function benchUserAdd(): Promise<Row[]> {
  using home = new BenchHome();
  try {
    const { user, servers, token } = home.json<Added>(['user', 'add', 'copied']);
    const { name: server = '', port = 0 } = servers[0] ?? {};
    const raw = await copyContainer({ network: user.network.name, server, port, token });
    const ms = await medians(
      {
        add: async () => {
          const tookMs = await timed(() => home.run(['user', 'add', 'measured', '--json']));
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
