import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

/** Hosts beyond this one, in a network namespace behind a veth pair; each echoes on TCP port 80 and 81. */
export const far = {
  public: '198.51.100.2',
  otherPublic: '198.51.100.3',
  private: '10.99.0.2',
  metadata: '169.254.169.254',
} as const;

const echo = `
const server = () => require('node:net').createServer((socket) => socket.on('error', () => {}).pipe(socket));
server().listen(81, () => server().listen(80, () => console.log('listening')));
`;

/** Makes the far hosts; disposing of the result removes them with their addresses and routes. */
export async function startFarHosts(): Promise<AsyncDisposable> {
  const id = randomBytes(3).toString('hex');
  const namespace = `mcpd-far-${id}`;
  const [near, there] = [`far${id}`, `there${id}`];
  ip('netns', 'add', namespace);
  ip('link', 'add', near, 'type', 'veth', 'peer', 'name', there, 'netns', namespace);
  for (const address of ['198.51.100.1/24', '10.99.0.1/24'])
    ip('addr', 'add', address, 'dev', near);
  ip('link', 'set', near, 'up');
  ip('route', 'add', `${far.metadata}/32`, 'dev', near);
  const inside = ['-n', namespace];
  for (const address of Object.values(far)) {
    ip(...inside, 'addr', 'add', `${address}/24`, 'dev', there);
  }
  ip(...inside, 'link', 'set', 'lo', 'up');
  ip(...inside, 'link', 'set', there, 'up');
  const node = [`--net=/run/netns/${namespace}`, process.execPath, '-e', echo];
  const server = spawn('nsenter', node, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      await stop(server);
      ip('netns', 'delete', namespace);
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
