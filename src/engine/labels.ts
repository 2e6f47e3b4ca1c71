/** Every label mcpd writes on containers, networks and images. Identity is the label; names are for people. */
export const labels = {
  instance: 'mcpd.instance',
  user: 'mcpd.user',
  userId: 'mcpd.user-id',
  server: 'mcpd.server',
  serverId: 'mcpd.server-id',
  template: 'mcpd.template',
  /** Hash of the spec, prefixed by its schema version. */
  hash: 'mcpd.hash',
  /** Time of expiry, ISO 8601, on ephemeral tenants. */
  expires: 'mcpd.expires',
  /** What groups users of one CI run. */
  run: 'mcpd.run',
  /** On images only: they are shared by all instances of a host. */
  image: 'mcpd.image',
} as const;
