// The command line, with what V8 made of it in earlier runs.
import { join } from 'node:path';

const monthMs = 30 * 86_400_000;

/**
 * Loads the bundle; `folder` is where compiled code is kept, undefined: nowhere. Node's own compile cache has
 * a module as it is before anything of it runs. Of a bundle whose parts are loaded when they are needed that
 * is next to nothing, and each run would compile again what it comes to. So the code is kept after a run, for
 * each command by itself: V8 would take as long to read what others come to as to run half of a short one.
 *
 * `words` are the command's. Gives what the bundle exports, and `keep`, to be called when a command has ended
 * well.
 */
export function loadBundle(file, { folder, words }) {
  // An import would load all that these modules export.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { createRequire } = process.getBuiltinModule('node:module');
  const { Script } = process.getBuiltinModule('node:vm');
  const bytes = readFileSync(file);
  const prefix = folder && join(folder, nameOf(bytes));
  const kept = prefix && readKept(prefix, words);
  // It is ASCII, which is taken as it is: a copy of it would take longer than all that is checked here.
  const script = new Script(bytes.latin1Slice(), { filename: file, cachedData: kept?.code });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module);
  return {
    exports: module.exports,
    keep(command) {
      const path = prefix && `${prefix}-${command}`;
      if (path === undefined || (path === kept?.path && !script.cachedDataRejected)) return;
      writeKept(path, script.createCachedData());
      removeOld(folder, prefix);
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

/** A command has one or two words; what follows them may look like the second. */
function readKept(prefix, [first, second]) {
  const commands = [`${first}:${second}`, first].filter((name) => /^[a-z:-]+$/.test(name));
  for (const path of commands.map((command) => `${prefix}-${command}`)) {
    const code = readOwn(path);
    // Else it is another one, or new.
    if (code) return { path, code };
  }
  return undefined;
}

/**
 * V8 trusts what it is given, and would run what somebody else wrote. Whose the file is counts beside the folder,
 * which may be another one since it was looked at.
 */
function readOwn(path) {
  const { closeSync, fstatSync, openSync, readFileSync } = process.getBuiltinModule('node:fs');
  let file;
  try {
    file = openSync(path, 'r');
    const { uid, mode } = fstatSync(file);
    return uid === process.getuid() && (mode & 0o022) === 0 ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether it can be written says nothing of the command. */
function writeKept(path, code) {
  const { renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const draft = `${path}.${process.pid}`;
  try {
    // What a killed command of this number has left.
    rmSync(draft, { force: true });
    // On the disk before it has its name: no power cut leaves zeros in it.
    writeFileSync(draft, code, { flag: 'wx', mode: 0o600, flush: true });
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
function removeOld(folder, prefix) {
  const { lstatSync, readdirSync, rmSync } = process.getBuiltinModule('node:fs');
  try {
    const paths = readdirSync(folder).map((name) => join(folder, name));
    for (const path of paths.filter((one) => !one.startsWith(`${prefix}-`))) {
      const isOld = Date.now() - lstatSync(path).mtimeMs > monthMs;
      if (isOld) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // Another command is at it.
  }
}
