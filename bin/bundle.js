// The command line, with what V8 made of it in earlier runs.
import { dirname, join } from 'node:path';

const monthMs = 30 * 86_400_000;

/**
 * Loads the bundle; `folder` is where compiled code is kept, undefined: nowhere. Node's own compile cache has
 * a module as it is before anything of it runs. Of a bundle whose parts are loaded when they are needed that
 * is next to nothing, and each run would compile again what it comes to. So the code is kept after a run, once
 * for every command, along with what it has of others.
 *
 * Gives what the bundle exports, and `keep`, to be called when a command has ended well.
 */
export function loadBundle(file, folder) {
  // An import would load all that these modules export.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { createRequire } = process.getBuiltinModule('node:module');
  const { Script } = process.getBuiltinModule('node:vm');
  const { crc32 } = process.getBuiltinModule('node:zlib');
  const source = readFileSync(file);
  const path =
    folder && join(folder, `${process.version}-${process.arch}-${crc32(source, crc32(flags()))}`);
  const kept = path && readKept(path, { readFileSync, crc32 });
  // It is ASCII, which is taken as it is.
  const wrapped = `(function (exports, require, module) {${source.latin1Slice()}\n})`;
  const script = new Script(wrapped, { filename: file, cachedData: kept?.code });
  const known = script.cachedDataRejected === false ? kept.commands : [];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module);
  return {
    exports: module.exports,
    keep(command) {
      if (path === undefined || known.includes(command)) return;
      writeKept(path, { commands: [...known, command], code: script.createCachedData(), crc32 });
      if (known.length === 0) removeOld(dirname(path));
    },
  };
}

/** With other ones V8 rejects the code. */
function flags() {
  return [...process.execArgv, process.env.NODE_OPTIONS].join(' ');
}

/** V8 trusts what it is given, and would crash on a file that a power cut has left half written. */
function readKept(path, { readFileSync, crc32 }) {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf('\n');
    const { commands, crc } = JSON.parse(bytes.latin1Slice(0, end));
    const code = bytes.subarray(end + 1);
    return crc32(code) === crc ? { commands, code } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it can be written says nothing of the command. */
function writeKept(path, { commands, code, crc32 }) {
  const { renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const draft = `${path}.${process.pid}`;
  const head = `${JSON.stringify({ commands, crc: crc32(code) })}\n`;
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(head), code]), { mode: 0o600 });
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  }
}

/** What other versions of mcpd and of Node have left. */
function removeOld(folder) {
  const { lstatSync, readdirSync, rmSync } = process.getBuiltinModule('node:fs');
  try {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const isOld = Date.now() - lstatSync(path).mtimeMs > monthMs;
      if (isOld) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Another command is at it.
  }
}
