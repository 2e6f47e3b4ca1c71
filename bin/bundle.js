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
  const bytes = readFileSync(file);
  const path = folder && join(folder, nameOf(bytes));
  const kept = path && readKept(path);
  // It is ASCII, which is taken as it is: a copy of it would take longer than all that is checked here.
  const script = new Script(bytes.latin1Slice(), { filename: file, cachedData: kept?.code });
  const known = script.cachedDataRejected === false ? kept.commands : [];
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module);
  return {
    exports: module.exports,
    keep(command) {
      if (path === undefined || known.includes(command)) return;
      writeKept(path, [...known, command], script.createCachedData());
      if (known.length === 0) removeOld(dirname(path));
    },
  };
}

/**
 * What the code is made from, by which it is kept: the bundle begins with a hash of itself in a comment, and
 * under other flags V8 takes none.
 */
function nameOf(bytes) {
  const hash = bytes.latin1Slice(2, bytes.indexOf('*/'));
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  return [process.version, process.arch, hash, ...(flags ? [sumOf(flags)] : [])].join('-');
}

/** Flags may be longer than a file's name. */
function sumOf(flags) {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  return crc32(flags);
}

/**
 * V8 trusts what it is given: it would run what somebody else wrote, and crash on half a file. Whose the file is
 * counts beside the folder, which may be another one since it was looked at.
 */
function readKept(path) {
  const { closeSync, fstatSync, openSync, readFileSync } = process.getBuiltinModule('node:fs');
  let file;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    if (uid !== process.getuid() || (mode & 0o022) !== 0) return undefined;
    const bytes = readFileSync(file);
    const end = bytes.indexOf('\n');
    const { commands, size } = JSON.parse(bytes.latin1Slice(0, end));
    const code = bytes.subarray(end + 1);
    return code.length === size ? { commands, code } : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether it can be written says nothing of the command. */
function writeKept(path, commands, code) {
  const { renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const draft = `${path}.${process.pid}`;
  const head = `${JSON.stringify({ commands, size: code.length })}\n`;
  try {
    // What a killed command of this number has left.
    rmSync(draft, { force: true });
    // On the disk before it has its name: no power cut leaves zeros in it.
    const options = { flag: 'wx', mode: 0o600, flush: true };
    writeFileSync(draft, Buffer.concat([Buffer.from(head), code]), options);
    renameSync(draft, path);
  } catch {
    forget(draft);
  }
}

/** A disk that is full takes the first bytes of it. */
function forget(draft) {
  const { rmSync } = process.getBuiltinModule('node:fs');
  try {
    rmSync(draft, { force: true });
  } catch {
    // The disk can't be written to any more.
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
