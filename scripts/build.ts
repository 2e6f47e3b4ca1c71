import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { writeManifest } from './manifest.ts';
import { unreached } from './unreached.ts';

const root = join(import.meta.dirname, '..');

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  format: 'esm',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

await rm(join(root, 'dist'), { recursive: true, force: true });
await Promise.all([buildCommands(), buildBridge(), writeManifest(root)]);

/** Code that one command doesn't need is in other chunks than its own, since starting is what a command costs. */
async function buildCommands(): Promise<void> {
  await build({
    ...shared,
    entryPoints: { mcpd: 'src/cli/main.ts' },
    outdir: 'dist',
    splitting: true,
    // Its main file requires by computed names.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    chunkNames: 'chunks/[name]-[hash]',
    // Bundled CommonJS packages require Node's own modules.
    banner: {
      js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
    plugins: [replaceUnreached(), noSpinner(), englishOnly()],
  });
}

/** The program that is put into images: one file. */
async function buildBridge(): Promise<void> {
  await build({ ...shared, entryPoints: ['src/bridge/main.ts'], outfile: 'dist/bridge.mjs' });
}

function replaceUnreached(): Plugin {
  return {
    name: 'replace-unreached',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[@a-z]/ }, ({ path }) =>
        unreached.has(path) ? { path, namespace: 'unreached' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'unreached' }, ({ path }) => ({
        contents: unreached.get(path) ?? '',
        loader: 'js',
      }));
    },
  };
}

/** oclif makes a spinner as soon as it is loaded on a terminal; progress is listr2's. */
function noSpinner(): Plugin {
  return {
    name: 'no-spinner',
    setup({ onLoad }) {
      onLoad({ filter: /@oclif\/core\/lib\/ux\/action\/spinner\.js$/ }, ({ path }) => ({
        contents: "module.exports = require('./simple');",
        resolveDir: dirname(path),
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
