import { chmod, glob, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { writeManifest } from './manifest.ts';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'dist');

/** What bundled packages load but mcpd never reaches, and what answers in its place. */
const unused = new Map([
  // docker-modem's ssh:// transport, with native code.
  [
    'ssh2',
    'module.exports = { Client: class { constructor() { throw new Error("ssh:// engines are not supported"); } } };',
  ],
  // dockerode's BuildKit session; images are built by the classic builder.
  ['@grpc/grpc-js', 'module.exports = {};'],
  ['@grpc/proto-loader', 'module.exports = {};'],
  // oclif's question whether this is Windows.
  ['wsl-utils', 'module.exports = { isWsl: false };'],
]);

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  format: 'esm',
  minify: true,
  // Class names appear in stack traces and errors.
  keepNames: false,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

await rm(outdir, { recursive: true, force: true });
await Promise.all([buildCommands(), buildBridge()]);
await writeManifest(root);

/** Every command is a chunk of its own, so that one run loads one command. */
async function buildCommands(): Promise<void> {
  const commands = await Array.fromAsync(glob('src/commands/**/*.ts', { cwd: root }));
  await build({
    ...shared,
    entryPoints: ['src/cli/main.ts', ...commands.toSorted()],
    outdir,
    outbase: 'src',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    plugins: [replaceUnused(), englishOnly()],
  });
}

/** The program that is put into images: one file. */
async function buildBridge(): Promise<void> {
  const outfile = join(outdir, 'bridge.mjs');
  await build({ ...shared, entryPoints: ['src/bridge/main.ts'], outfile });
  await chmod(outfile, 0o644);
}

function replaceUnused(): Plugin {
  return {
    name: 'replace-unused',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[@a-z]/ }, ({ path }) =>
        unused.has(path) ? { path, namespace: 'unused' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'unused' }, ({ path }) => ({
        contents: unused.get(path) ?? '',
        loader: 'js',
      }));
    },
  };
}

/** zod exports the messages of fifty languages in a way that no bundler can drop. */
function englishOnly(): Plugin {
  return {
    name: 'english-only',
    setup({ onLoad }) {
      onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
        contents: "export { default as en } from './en.js';",
        resolveDir: join(root, 'node_modules/zod/v4/locales'),
      }));
    },
  };
}
