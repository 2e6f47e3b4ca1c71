interface Tenant {
  readonly user: string;
  readonly token: string;
  /** The first one is also the default. */
  readonly servers: readonly { readonly name: string; readonly url: string }[];
  /** Path of the file for clients. */
  readonly clientConfig: string;
}

/** What a command finds in its environment: MCPD_URL, MCPD_TOKEN, MCPD_<SERVER>_URL and the rest. */
export function variables({ user, token, servers, clientConfig }: Tenant): Record<string, string> {
  const urls = servers.map(({ name, url }) => [variableName(name), url]);
  return {
    MCPD_USER: user,
    MCPD_URL: servers[0]?.url ?? '',
    MCPD_TOKEN: token,
    MCPD_CLIENT_CONFIG: clientConfig,
    ...Object.fromEntries(urls),
  };
}

/** `sequential-thinking` → `MCPD_SEQUENTIAL_THINKING_URL` */
function variableName(server: string): string {
  return `MCPD_${server.toUpperCase().replaceAll('-', '_')}_URL`;
}
