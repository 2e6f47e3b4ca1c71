#!/usr/bin/env node
// The launcher. Plain JavaScript that old versions of Node can parse, so that they can say why not.
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBundle } from './bundle.js';

const oldest = [22, 13];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (isNewEnough(process.versions.node)) await start(process.argv.slice(2));
else await startWithPinnedNode();

async function start(words) {
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) return printVersion();
  silenceWarnings();
  const bundle = loadBundle(join(root, 'dist', 'mcpd.cjs'), { folder: cacheFolder(), words });
  const command = await bundle.exports.main(words, root);
  if (command !== undefined) bundle.keep(command);
  // An open keep-alive connection must not hold the process.
  process.exit();
}

/** What the command line prints too, without loading it. */
function printVersion() {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  console.log(`mcpd/${version} ${process.platform}-${process.arch} node-${process.version}`);
}

/** A clone has a Node of its own in its devDependencies. */
async function startWithPinnedNode() {
  const { existsSync } = await import('node:fs');
  const pinned = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(pinned)) {
    console.error(
      `mcpd needs Node ${oldest.join('.')} or newer; this is ${process.versions.node}.`,
    );
    process.exit(1);
  }
  const { spawn } = await import('node:child_process');
  const child = spawn(pinned, process.argv.slice(1), { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides how it ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/**
 * Where compiled code is kept between runs. Whoever can write there can run code as this user, so
 * never Node's shared default in the temporary folder; undefined when there is no safe place.
 */
function cacheFolder() {
  // An import would load all that these modules export.
  const { existsSync, lstatSync, mkdirSync } = process.getBuiltinModule('node:fs');
  const uid = process.getuid();
  try {
    const folder = join(uid === 0 ? '/var/cache' : accountsCache(), 'mcpd');
    // The current folder may be anybody's.
    if (!isAbsolute(folder)) return undefined;
    if (!existsSync(folder)) mkdirSync(folder, { recursive: uid !== 0, mode: 0o700 });
    const stats = lstatSync(folder);
    const isOurs = stats.isDirectory() && stats.uid === uid && (stats.mode & 0o077) === 0;
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

function accountsCache() {
  const { homedir } = process.getBuiltinModule('node:os');
  const { XDG_CACHE_HOME: given = '' } = process.env;
  return isAbsolute(given) ? given : join(homedir(), '.cache');
}

/**
 * Node 22 calls its SQLite experimental on every start; Node 24 that docker-modem parses the address of an
 * engine over TCP with `url.parse()`, which is checked before.
 */
function silenceWarnings() {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    const isKnown =
      String(warning).startsWith('SQLite is an experimental feature') || rest.includes('DEP0169');
    if (!isKnown) emitWarning(warning, ...rest);
  };
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}
