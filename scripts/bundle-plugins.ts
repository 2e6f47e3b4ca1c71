import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Plugin } from 'esbuild';
import { unreached, unreachedFrom } from './unreached.ts';

/** Those of Node's own modules that cost milliseconds to load. None of them is a function or a class. */
const costly = new Set([
  'child_process',
  'crypto',
  'dgram',
  'dns',
  'dns/promises',
  'fs',
  'http',
  'https',
  'net',
  'os',
  'perf_hooks',
  'readline',
  'readline/promises',
  'sqlite',
  'stream/consumers',
  'stream/promises',
  'tls',
  'util',
  'worker_threads',
  'zlib',
]);

/**
 * Loads them when something of them is first used. An import would load them at once, and would
 * moreover read everything they export, which loads still more.
 */
export function lazyBuiltins(): Plugin {
  return {
    name: 'lazy-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z_:/]+$/ }, ({ path }) => {
        const name = path.replace(/^node:/, '');
        return costly.has(name) ? { path: name, namespace: 'lazy' } : undefined;
      });
      // An import of it would open the standard streams.
      onResolve({ filter: /^(node:)?process$/ }, () => ({ path: 'process', namespace: 'global' }));
      onLoad({ filter: /.*/, namespace: 'global' }, () => ({
        contents: 'module.exports = process;',
      }));
      // Behind a prototype, since esbuild reads a module's own properties to copy them.
      onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
        contents: `module.exports = Object.create(new Proxy({}, {
          get: (_, name) => process.getBuiltinModule('node:${path}')[name],
          has: (_, name) => name in process.getBuiltinModule('node:${path}'),
        }));`,
        loader: 'js',
      }));
    },
  };
}

/** Puts stand-ins in the place of packages that are never reached. */
export function replaceUnreached(): Plugin {
  return {
    name: 'replace-unreached',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[@a-z]/ }, ({ path, importer }) => {
        const isUnreached = unreached.has(path) || unreachedFrom(importer).has(path);
        return isUnreached ? { path, namespace: 'unreached' } : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'unreached' }, ({ path }) => ({
        contents: unreached.get(path) ?? 'module.exports = {};',
        loader: 'js',
      }));
    },
  };
}

/** oclif makes a spinner as soon as it is loaded on a terminal; progress is listr2's. */
export function noSpinner(): Plugin {
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

/**
 * oclif asks who the account is, for a shell and a folder that it then does not use. A uid without an entry in
 * the password file has neither, and every command would fail.
 */
export function anyAccount(): Plugin {
  return {
    name: 'any-account',
    setup({ onLoad }) {
      onLoad({ filter: /@oclif\/core\/lib\/util\/os\.js$/ }, () => ({
        contents: `
          exports.getHomeDir = () => '/';
          exports.getPlatform = async () => process.platform;
          exports.getShell = async () => 'unknown';`,
      }));
    },
  };
}

/** oclif reads its two small files by way of other threads, which take longer to start than to read them. */
export function readAtOnce(): Plugin {
  const asks = 'await (0, promises_1.readFile)(';
  return {
    name: 'read-at-once',
    setup({ onLoad }) {
      onLoad({ filter: /@oclif\/core\/lib\/util\/fs\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes(asks)) throw new Error(`${path} has no ${asks} any more`);
        return { contents: source.replace(asks, '(0, node_fs_1.readFileSync)(') };
      });
    },
  };
}

/** oclif sorts its commands by the locale's rules, for which Node reads the tables of a collator: 10 ms. */
export function sortByCodeUnits(): Plugin {
  const byLocale = 'a.id.localeCompare(b.id)';
  return {
    name: 'sort-by-code-units',
    setup({ onLoad }) {
      onLoad({ filter: /@oclif\/core\/lib\/config\/plugin\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes(byLocale)) throw new Error(`${path} has no ${byLocale} any more`);
        return { contents: source.replace(byLocale, 'a.id < b.id ? -1 : 1') };
      });
    },
  };
}

/** docker-modem writes out each request for a log that nobody reads: agents, sockets and all of their past. */
export function unwrittenRequests(): Plugin {
  const writesOut = /debug\('Sending: %s', util\.inspect\(options, \{[^}]*\}\)\);/;
  return {
    name: 'unwritten-requests',
    setup({ onLoad }) {
      onLoad({ filter: /docker-modem\/lib\/modem\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!writesOut.test(source))
          throw new Error(`${path} does not write out requests any more`);
        return { contents: source.replace(writesOut, '') };
      });
    },
  };
}

/** zod exports the messages of fifty languages in a way that no bundler can drop. */
export function englishOnly(root: string): Plugin {
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
