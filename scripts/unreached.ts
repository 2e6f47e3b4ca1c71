const nothing = 'module.exports = {};';

/**
 * Packages that bundled ones load but mcpd never reaches, each with what stands in for it. They are
 * most of the bundle's size and start, and the only native code.
 */
export const unreached: ReadonlyMap<string, string> = new Map([
  // docker-modem: the ssh:// transport.
  [
    'ssh2',
    'module.exports = { Client: class { constructor() { throw new Error("ssh:// engines are not supported"); } } };',
  ],
  // dockerode: sessions of BuildKit; images are built by the classic builder.
  ['@grpc/grpc-js', nothing],
  ['@grpc/proto-loader', nothing],
  ['protobufjs', nothing],
  ['@balena/dockerignore', nothing],
  // docker-modem and oclif: tracing by DEBUG=…, which would print what requests carry.
  ['debug', 'module.exports = () => Object.assign(() => {}, { enabled: false });'],
  // oclif: finding commands without a manifest, child plugins, and its settings outside of package.json.
  ['tinyglobby', nothing],
  ['minimatch', nothing],
  ['get-package-type', nothing],
  ['lilconfig', nothing],
  // prom-client: metrics of the process itself, and summaries.
  ['@opentelemetry/api', nothing],
  ['tdigest', nothing],
  // oclif: shortening a trace. It asks for the account's home folder, which not every uid has.
  ['clean-stack', 'module.exports = (stack) => stack;'],
  // oclif: themes.
  ['supports-color', nothing],
]);

/** Packages that mcpd itself reaches, but not through this file. */
export function unreachedFrom(importer: string): ReadonlySet<string> {
  // Packing a context; ours comes packed.
  return new Set(importer.endsWith('/dockerode/lib/util.js') ? ['tar-fs'] : []);
}
