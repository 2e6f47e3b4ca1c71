import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import Docker from 'dockerode';
import { EngineUnreachableError, UsageError } from '../../errors.ts';
import { accountFolder } from '../../host/account-folder.ts';
import { whyUnreadable } from '../../unreadable.ts';
import { resolveEndpoint, type Endpoint } from './endpoint.ts';
import { translate, unreachable } from './errors.ts';
import { SshAgent } from './ssh.ts';

/** Long enough for an engine that a socket unit is just starting. */
const usualMs = 10_000;

/**
 * A client of the engine that the docker CLI would talk to, which has answered a ping. Throws
 * EngineUnreachableError, and UsageError ENGINE_ADDRESS for an address, or its files, that can't be used.
 */
export async function connect(env: NodeJS.ProcessEnv, pingMs = usualMs): Promise<Docker> {
  const endpoint = resolveEndpoint({
    env,
    homeFolder: accountFolder() ?? '/',
    read: readIfThere,
    exists: existsSync,
  });
  const docker = new Docker(clientOptions(endpoint, env));
  await ping(docker, pingMs);
  return docker;
}

/** Throws EngineUnreachableError when no engine answers in time. */
export async function ping(docker: Docker, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await translate((docker as unknown as AbortablePing).ping({ abortSignal: signal }));
  } catch (error) {
    if (error instanceof EngineUnreachableError) throw error;
    const message = signal.aborted
      ? `The engine did not answer within ${timeoutMs / 1000} s.`
      : 'What answers at the engine’s address is no container engine.';
    throw unreachable(message, error);
  }
}

// The published types know of neither option.
interface AbortablePing {
  ping(options: { abortSignal: AbortSignal }): Promise<unknown>;
}
type ClientOptions = Docker.DockerOptions & { agent?: Agent };

// Told the server's name, Node doesn't compile its pattern of IPv6 addresses to find it, which takes 2 ms.
const socketAgent = { keepAlive: true, servername: '' };

// docker-modem reads DOCKER_HOST by itself, so every field that it would take from there is set.
function clientOptions(endpoint: Endpoint, env: NodeJS.ProcessEnv): ClientOptions {
  const none = { host: undefined, socketPath: undefined, port: undefined };
  switch (endpoint.kind) {
    case 'socket':
      return {
        ...none,
        protocol: 'http',
        socketPath: endpoint.path,
        agent: new Agent(socketAgent),
      };
    case 'ssh':
      return {
        ...none,
        protocol: 'http',
        host: 'docker',
        agent: new SshAgent(endpoint.address, env),
      };
    case 'tcp':
      return {
        ...none,
        protocol: endpoint.tls === undefined ? 'http' : 'https',
        host: endpoint.host,
        port: endpoint.port,
        ...certificates(endpoint.tls),
      };
  }
}

function certificates(folder: string | undefined): Docker.DockerOptions {
  if (folder === undefined) return {};
  const read = (name: string) => readCertificate(join(folder, name));
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function readCertificate(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadableFile(path, cause, [
      'put ca.pem, cert.pem and key.pem there',
      'set DOCKER_CERT_PATH to the folder that has them',
    ]);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unreadableFile(path, error, ['mend the file', 'set DOCKER_HOST']);
  }
}

function unreadableFile(path: string, cause: unknown, suggestions: string[]): UsageError {
  const message = `${path} can’t be read: ${whyUnreadable(cause)}.`;
  return new UsageError(message, { code: 'ENGINE_ADDRESS', suggestions, cause });
}
