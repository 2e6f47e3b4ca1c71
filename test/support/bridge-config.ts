import type { KeyObject } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { BridgeBounds, BridgeConfig } from '../../src/bridge/config.ts';

interface Parts {
  readonly port: number;
  /** Ed25519, public. */
  readonly key: KeyObject;
  /** What the server is besides an isolated one in the temporary folder; at least what it runs. */
  readonly server: Pick<BridgeConfig['server'], 'argv'> & Partial<BridgeConfig['server']>;
  readonly bounds?: Partial<BridgeBounds> | undefined;
  /** Whatever else is not the usual. */
  readonly other?: Partial<Omit<BridgeConfig, 'server' | 'bounds'>>;
}

/** The settings of a bridge on a port of the loopback, as the host would write them. */
export function bridgeConfig({ port, key, server, bounds, other }: Parts): BridgeConfig {
  const { x = '' } = key.export({ format: 'jwk' });
  return {
    schema: 1,
    listen: { host: '127.0.0.1', port },
    user: { id: 'u1', name: 'bob' },
    server: {
      id: 's1',
      key: 'bob/fixture',
      sessions: 'isolated',
      image: 'none',
      cwd: tmpdir(),
      env: {},
      secrets: [],
      identity: null,
      ...server,
    },
    auth: {
      issuer: 'mcpd',
      audience: 'test/bob',
      publicKey: { kty: 'OKP', crv: 'Ed25519', x },
    },
    url: `http://127.0.0.1:${port}/mcp`,
    hosts: [`127.0.0.1:${port}`, `localhost:${port}`],
    origins: [],
    memoryBytes: 64 * 2 ** 20,
    bounds: {
      bodyBytes: 2 ** 20,
      lineBytes: 16 * 2 ** 20,
      sessions: 8,
      spares: 0,
      pendingPerSession: 8,
      sessionIdleMs: 600_000,
      requestMs: 120_000,
      initializeMs: 30_000,
      ...bounds,
    },
    audit: { fileBytes: 2 ** 24, fileMs: 86_400_000, files: 8, totalBytes: 2 ** 27 },
    ...other,
  };
}
