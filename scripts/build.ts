import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type OutputFile } from 'esbuild';
import { writeManifest } from './manifest.ts';
import {
  anyAccount,
  englishOnly,
  lazyBuiltins,
  noSpinner,
  readAtOnce,
  replaceUnreached,
  sortByCodeUnits,
  unwrittenRequests,
} from './bundle-plugins.ts';

const root = join(import.meta.dirname, '..');

type Output = Pick<OutputFile, 'path' | 'contents'>;

// No ES modules, since Node's loader of those takes longer than what it is to load.
const shared = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
  logLimit: 5,
  absWorkingDir: root,
  write: false,
} as const satisfies BuildOptions;

const [commands, bridge] = await Promise.all([buildCommands(), buildBridge(), writeManifest(root)]);
await mkdir(join(root, 'dist'), { recursive: true });
await replaceFiles([...commands, ...bridge]);

/**
 * The command line: one file too, which `bin/bundle.js` loads. What a command doesn't need lies in it unread,
 * while each further file that is opened would cost a third of a millisecond, of which `user add` would open sixty.
 */
async function buildCommands(): Promise<Output[]> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: { mcpd: 'src/cli/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    alias: {
      // Its main file requires by computed names.
      'jsonc-parser': 'jsonc-parser/lib/esm/main.js',
      // docker-modem: a copy of what Node has.
      'readable-stream': 'node:stream',
    },
    plugins: [
      lazyBuiltins(),
      replaceUnreached(),
      noSpinner(),
      anyAccount(),
      readAtOnce(),
      sortByCodeUnits(),
      unwrittenRequests(),
      englishOnly(root),
    ],
  });
  return outputFiles.map(inAscii).map(asFunction);
}

/** So that it needs no decoding. esbuild escapes strings, but not patterns. */
function inAscii({ path, text }: OutputFile): Output {
  const escaped = text.replaceAll(/[^\0-\x7f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return { path, contents: Buffer.from(escaped, 'latin1') };
}

/** As `bin/bundle.js` runs it, with a hash by which it knows what it has compiled before. */
function asFunction({ path, contents }: Output): Output {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const head = `/*${hash}*/(function (exports, require, module) {`;
  return { path, contents: Buffer.concat([Buffer.from(head), contents, Buffer.from('\n})\n')]) };
}

/**
 * The program that is put into images: one file. As an ES module it would take a tenth longer to start, and
 * a megabyte of every tenant.
 */
async function buildBridge(): Promise<Output[]> {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ['src/bridge/main.ts'],
    outfile: 'dist/bridge.cjs',
  });
  return outputFiles;
}

/** Puts whole files in the place of the old ones, so that what runs meanwhile finds one or the other. */
async function replaceFiles(files: readonly Output[]): Promise<void> {
  for (const { path, contents } of files) {
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, contents);
    await rename(temporary, path);
  }
}
