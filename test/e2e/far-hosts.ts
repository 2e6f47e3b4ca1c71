import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

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

const dial = `
const [host, port] = process.argv.slice(1);
const end = (answer) => process.stdout.write(answer, () => process.exit());
require('node:net').connect({ host, port, timeout: 1000 }, () => end('connected'))
  .on('timeout', () => end('timeout')).on('error', (error) => end(error.code));
`;

export interface FarHosts extends AsyncDisposable {
  /** Tries a TCP connection from there, through this host where it is not its own: `connected`, `timeout` or a code. */
  dial(address: string, port: number): string;
}

/**
 * Makes the far hosts; disposing of the result removes them with their addresses and routes. They can
 * exist once on a machine, so this waits while another test has them.
 */
export async function startFarHosts(): Promise<FarHosts> {
  const turn = await takeTurn();
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
  ip(...inside, 'route', 'add', 'default', 'via', '198.51.100.1');
  const node = [`--net=/run/netns/${namespace}`, process.execPath, '-e'];
  const server = spawn('nsenter', [...node, echo], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return {
    dial: (address, port) =>
      execFileSync('nsenter', [...node, dial, address, String(port)], { encoding: 'utf8' }),
    [Symbol.asyncDispose]: async () => {
      await stop(server);
      ip('netns', 'delete', namespace);
      turn[Symbol.dispose]();
    },
  };
}

/** Holds a name that one process can have at a time, and that ends with it. */
async function takeTurn(): Promise<Disposable> {
  const name = '\0mcpd-far-hosts';
  const waiting = new Set<Socket>();
  const holder = createServer((socket) => waiting.add(socket.on('error', () => {})));
  for (;;) {
    try {
      await once(holder.listen(name), 'listening');
      break;
    } catch {
      const other = connect(name).on('error', () => {});
      await new Promise((resolve) => other.once('close', resolve));
    }
  }
  return {
    [Symbol.dispose]: () => {
      holder.close();
      for (const socket of waiting) socket.destroy();
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
