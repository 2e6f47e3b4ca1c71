/** Address and TCP port. */
export type Target = readonly [host: string, port: number];

/**
 * Tries one TCP connection to each target at once, and gives for each `connected`, `timeout` or the
 * error's code. May be sent into a container: see inside.ts.
 */
export function reach(targets: readonly Target[]): Promise<string[]> {
  const net = process.getBuiltinModule('node:net');
  const attempt = ([host, port]: Target): Promise<string> =>
    new Promise((resolve) => {
      const socket = net.connect({ host, port, timeout: 1_000 });
      const end = (answer: string): void => {
        socket.destroy();
        resolve(answer);
      };
      socket.on('connect', () => end('connected'));
      socket.on('timeout', () => end('timeout'));
      socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    });
  return Promise.all(targets.map(attempt));
}

/**
 * Asks a resolver, or the system's own, for a name. `answered` also when it says that there is none.
 * May be sent into a container.
 */
export async function ask(server?: string): Promise<string> {
  const { Resolver } = process.getBuiltinModule('node:dns').promises;
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  if (server !== undefined) resolver.setServers([server]);
  try {
    await resolver.resolve4('example.com');
    return 'answered';
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED'].includes(code) ? 'answered' : code;
  }
}
