import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

export const audience = 'https://mcpd.example';

/** A real OIDC provider on this host's loopback; its clients act for themselves. */
export interface OidcIssuer extends AsyncDisposable {
  readonly url: string;
  /** A JWT access token whose `sub` is the client's id. */
  tokenFor(client: string): Promise<string>;
  /** Signs with a new key from now on; names the old ones too, unless `forget`. */
  rotate(options?: { forget: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export async function startOidcIssuer(clients: readonly string[]): Promise<OidcIssuer> {
  let handle: ReturnType<Provider['callback']> | undefined;
  let keys: JWK[] = [];
  const server = createServer((request, response) => void handle?.(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate: OidcIssuer['rotate'] = async ({ forget } = { forget: false }) => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const key = {
      ...(await exportJWK(privateKey)),
      kid: `k${Date.now()}`,
      alg: 'ES256',
      use: 'sig',
    };
    keys = forget ? [key] : [key, ...keys];
    handle = makeProvider(url, clients, keys).callback();
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  await rotate();
  return {
    url,
    rotate,
    stop,
    tokenFor: async (client) => {
      const authorization = Buffer.from(`${client}:${secret}`).toString('base64');
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${authorization}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      });
      const answer = (await response.json()) as { access_token?: string };
      if (answer.access_token === undefined) throw new Error(JSON.stringify(answer));
      return answer.access_token;
    },
    [Symbol.asyncDispose]: stop,
  };
}

const secret = 'a-secret-of-the-test';

function makeProvider(url: string, clients: readonly string[], keys: readonly JWK[]): Provider {
  const provider = new Provider(url, {
    clients: clients.map((client) => ({
      client_id: client,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    })),
    jwks: { keys: keys as never },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'tools:read tools:call',
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 600,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  return provider;
}
