import { glob, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type OutputFile } from 'esbuild';
import { writeManifest } from './manifest.ts';
import {
  englishOnly,
  lazyBuiltins,
  noSpinner,
  replaceUnreached,
  sortByCodeUnits,
} from './bundle-plugins.ts';

const root = join(import.meta.dirname, '..');

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  format: 'esm',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  logLimit: 5,
  absWorkingDir: root,
  write: false,
} as const satisfies BuildOptions;

const [commands, bridge] = await Promise.all([buildCommands(), buildBridge(), writeManifest(root)]);
await replaceFolder(join(root, 'dist'), [...commands, ...bridge]);

/** Code that one command doesn't need is in other chunks than its own, since starting is what a command costs. */
async function buildCommands(): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: { mcpd: 'src/cli/main.ts' },
    outdir: 'dist',
    splitting: true,
    alias: {
      // Its main file requires by computed names.
      'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
      // docker-modem: a copy of what Node has.
      'readable-stream': 'node:stream',
    },
    chunkNames: 'chunks/[name]-[hash]',
    // Bundled CommonJS packages require Node's own modules.
    banner: {
      js: "const require=process.getBuiltinModule('node:module').createRequire(import.meta.url);",
    },
    plugins: [
      lazyBuiltins(),
      replaceUnreached(),
      noSpinner(),
      sortByCodeUnits(),
      englishOnly(root),
    ],
  });
  return outputFiles;
}

/** The program that is put into images: one file. */
async function buildBridge(): Promise<OutputFile[]> {
  const entryPoints = ['src/bridge/main.ts'];
  const { outputFiles } = await build({ ...shared, entryPoints, outfile: 'dist/bridge.mjs' });
  return outputFiles;
}

/** Puts the files there, entry points last, so that what runs meanwhile always finds whole ones. */
async function replaceFolder(folder: string, files: readonly OutputFile[]): Promise<void> {
  await mkdir(join(folder, 'chunks'), { recursive: true });
  const isChunk = ({ path }: OutputFile) => path.includes('/chunks/');
  for (const file of [...files.filter(isChunk), ...files.filter((one) => !isChunk(one))]) {
    const temporary = `${file.path}.${process.pid}`;
    await writeFile(temporary, file.contents);
    await rename(temporary, file.path);
  }
  const wanted = new Set(files.map(({ path }) => path));
  for await (const entry of glob('**/*.{js,mjs}', { cwd: folder })) {
    const path = join(folder, entry);
    if (!wanted.has(path)) await rm(path, { force: true });
  }
}
