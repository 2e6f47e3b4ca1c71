import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { unreachable } from './errors.ts';

/**
 * Reaches a remote engine as the docker CLI does, through the user's own `ssh`, so that its known
 * hosts and configuration hold. docker-modem's ssh client would accept any host key.
 */
export class SshAgent extends Agent {
  readonly #address: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(address: string, env: NodeJS.ProcessEnv) {
    super({ keepAlive: false });
    this.#address = address;
    this.#env = env;
  }

  override createConnection(): Duplex {
    const child = spawn('ssh', sshArguments(this.#address), {
      env: this.#env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const input = new PassThrough();
    input.pipe(child.stdin);
    // A pipe that breaks is told by the exit code and what ssh said.
    child.stdin.on('error', () => undefined);
    const closed = once(child, 'close');
    closed.catch(() => undefined);
    const output = Readable.from(outputOf(child, closed), { objectMode: false });
    const connection = Duplex.from({ readable: output, writable: input });
    connection.once('close', () => child.kill());
    return connection;
  }
}

/** What ssh prints; ends only when ssh does, and throws when that failed. */
async function* outputOf(
  child: ChildProcessWithoutNullStreams,
  closed: Promise<unknown>,
): AsyncGenerator<Buffer> {
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-500);
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    await closed;
  } catch (cause) {
    throw unreachable('Can’t run ssh.', cause);
  }
  if (child.exitCode) throw unreachable(`ssh failed: ${complaint.trim()}`);
}

/** `--` keeps an address that begins with a dash from being taken for an option. */
export function sshArguments(address: string): string[] {
  const { username, hostname, port } = new URL(address);
  return [
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=10',
    ...(port === '' ? [] : ['-p', port]),
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    '--',
    hostname,
    'docker',
    'system',
    'dial-stdio',
  ];
}
