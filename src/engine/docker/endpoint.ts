import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { UsageError } from '../../errors.ts';

/** Where an engine answers. */
export type Endpoint =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'ssh'; readonly address: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Folder with ca.pem, cert.pem and key.pem; undefined: no TLS. */
      readonly tls: string | undefined;
    };

export interface EndpointInput {
  readonly env: NodeJS.ProcessEnv;
  readonly homeFolder: string;
  /** Text of a file; undefined when it is not there. */
  readonly read: (path: string) => string | undefined;
  readonly exists: (path: string) => boolean;
}

/** The docker CLI's order: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, the default socket. */
export function resolveEndpoint(input: EndpointInput): Endpoint {
  const { env } = input;
  const folder = env['DOCKER_CONFIG'] || join(input.homeFolder, '.docker');
  if (env['DOCKER_HOST']) {
    const certificates = env['DOCKER_CERT_PATH'] || folder;
    const tls = env['DOCKER_TLS_VERIFY'] ? certificates : undefined;
    return parseAddress(env['DOCKER_HOST'], 'DOCKER_HOST', tls);
  }
  const context = env['DOCKER_CONTEXT'] || currentContext(input, join(folder, 'config.json'));
  if (context && context !== 'default') return contextEndpoint(input, folder, context);
  return { kind: 'socket', path: defaultSocket(input) };
}

function currentContext({ read }: EndpointInput, path: string): string | undefined {
  const text = read(path);
  return text === undefined ? undefined : parseJson(path, text, cliConfig).currentContext;
}

function contextEndpoint(input: EndpointInput, folder: string, name: string): Endpoint {
  const key = createHash('sha256').update(name).digest('hex');
  const path = join(folder, 'contexts/meta', key, 'meta.json');
  const text = input.read(path);
  if (text === undefined) {
    throw new UsageError(`The docker context ${name} does not exist.`, {
      code: 'ENGINE_ADDRESS',
      suggestions: ['docker context ls', 'docker context use default'],
    });
  }
  const { Host } = parseJson(path, text, contextMeta).Endpoints.docker;
  const certificates = join(folder, 'contexts/tls', key, 'docker');
  const tls = input.exists(join(certificates, 'cert.pem')) ? certificates : undefined;
  return parseAddress(Host, `the docker context ${name}`, tls);
}

function defaultSocket({ homeFolder, exists }: EndpointInput): string {
  const desktop = join(homeFolder, '.docker/run/docker.sock');
  return exists(desktop) ? desktop : '/var/run/docker.sock';
}

function parseAddress(address: string, from: string, tls: string | undefined): Endpoint {
  if (address.startsWith('unix://') && address.length > 'unix://'.length) {
    return { kind: 'socket', path: address.slice('unix://'.length) };
  }
  const url = URL.parse(address);
  if (url?.protocol === 'ssh:' && url.hostname !== '') return { kind: 'ssh', address };
  if (url && ['tcp:', 'http:', 'https:'].includes(url.protocol) && url.hostname !== '') {
    const secure = tls !== undefined || url.protocol === 'https:';
    return {
      kind: 'tcp',
      host: url.hostname,
      port: Number(url.port || (secure ? 2376 : 2375)),
      tls,
    };
  }
  throw new UsageError(`${from} is no engine address.`, {
    code: 'ENGINE_ADDRESS',
    suggestions: ['use unix:///path/to.sock, tcp://host:port or ssh://user@host'],
  });
}

const cliConfig = z.object({ currentContext: z.string().optional() });
const contextMeta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });

function parseJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`Can’t make sense of ${path}.`, {
      code: 'ENGINE_ADDRESS',
      suggestions: ['mend the file', 'set DOCKER_HOST'],
      cause,
    });
  }
}
