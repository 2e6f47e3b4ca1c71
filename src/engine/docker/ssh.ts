import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
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
    const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-500);
    });
    child.once('error', (cause) => connection.destroy(unreachable('Can’t run ssh.', cause)));
    child.once('exit', (code) => {
      if (code) connection.destroy(unreachable(`ssh failed: ${complaint.trim()}`));
    });
    connection.once('close', () => child.kill());
    return connection;
  }
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
