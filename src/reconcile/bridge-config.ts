import type { BridgeBounds, BridgeConfig } from '../bridge/config.ts';
import type { HostConfig } from '../config/schema.ts';
import { extraCertificatesPath } from '../image/context.ts';
import { bridgePort } from '../policy/ports.ts';
import type { Server, User } from '../registry/rows.ts';
import type { Template } from '../templates/schema.ts';
import type { EffectivePolicy } from '../policy/effective.ts';

const bounds: BridgeBounds = {
  bodyBytes: 16 * 2 ** 20,
  lineBytes: 64 * 2 ** 20,
  sessions: 16,
  spares: 1,
  pendingPerSession: 256,
  sessionIdleMs: 30 * 60_000,
  requestMs: 10 * 60_000,
  initializeMs: 60_000,
};

export interface BridgeConfigInput {
  readonly user: User;
  readonly server: Server;
  readonly template: Template;
  /** The template's command and environment with its placeholders replaced. */
  readonly program: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  /** Id of the image that the server runs from. */
  readonly image: string;
  /** What holds for this server. */
  readonly policy: EffectivePolicy;
  readonly config: HostConfig;
  readonly instance: string;
  readonly publicKey: BridgeConfig['auth']['publicKey'];
  /** True when the bridge can switch to the tenant's uid. */
  readonly privileged: boolean;
}

/** Sessions that share a server cost no process each, and find it running. */
const sharedBounds = { sessions: 256, spares: 0 };

/** What one server's bridge is told. */
export function bridgeConfig(input: BridgeConfigInput): BridgeConfig {
  const { user, server, template, program, image, policy, config, instance, publicKey } = input;
  const hostNames = new Set([config.bindAddress, 'localhost', '127.0.0.1', publicHost(config)]);
  return {
    schema: 1,
    listen: { host: '0.0.0.0', port: bridgePort },
    user: { id: user.id, name: user.name },
    server: {
      id: server.id,
      key: `${user.name}/${server.name}`,
      argv: program.argv,
      sessions: template.sessions,
      image,
      cwd: '/workspace',
      env: { ...imageEnvironment(config), ...program.env },
      secrets: template.secrets.map(({ name }) => name),
      identity: input.privileged ? { uid: user.uid, gid: user.gid } : null,
      userAware: template.userAware,
      ...(template.http ? { http: template.http } : {}),
    },
    auth: { issuer: `mcpd:${instance}`, audience: `mcpd:${instance}/${user.id}`, publicKey },
    url: serverUrl(config, server.port),
    hosts: [...hostNames].map((host) => `${host}:${server.port}`),
    origins: config.origins,
    memoryBytes: policy.memory.value,
    bounds: {
      ...bounds,
      ...(template.sessions === 'shared' ? sharedBounds : {}),
      ...(policy.sessions.value === null ? {} : { sessions: policy.sessions.value }),
    },
    audit: {
      fileBytes: config.audit.fileSize,
      fileMs: config.audit.fileHours * 3_600_000,
      files: config.audit.files,
      totalBytes: config.audit.totalSize,
    },
  };
}

// Servers inherit nothing of the bridge's environment, so what the image sets for them is said again.
function imageEnvironment({ extraCaCertificates }: HostConfig): Record<string, string> {
  const trusted = { NODE_EXTRA_CA_CERTS: extraCertificatesPath };
  return { NODE_ENV: 'production', ...(extraCaCertificates.length > 0 ? trusted : {}) };
}

/** The address that clients use. */
export function serverUrl(config: HostConfig, port: number): string {
  return `http://${publicHost(config)}:${port}/mcp`;
}

function publicHost(config: HostConfig): string {
  if (config.publicHost !== '') return config.publicHost;
  return config.bindAddress === '0.0.0.0' ? '127.0.0.1' : config.bindAddress;
}
