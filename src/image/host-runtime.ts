import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, open, readFile, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../errors.ts';

/** This host's own Node, as the source of a base image. */
export interface HostRuntime {
  readonly nodePath: string;
  readonly nodeVersion: string;
  /** Folder of the npm package. */
  readonly npmFolder: string;
  readonly busyboxPath: string | undefined;
}

/** Finds Node, npm and busybox. Throws EngineError where no base can be assembled from them. */
export async function findHostRuntime(env: NodeJS.ProcessEnv): Promise<HostRuntime> {
  if (process.platform !== 'linux') throw cannotAssemble('this host does not run Linux');
  const nodePath = await realpath(process.execPath);
  const npmFolder = await findNpm(nodePath, env['PATH'] ?? '');
  if (npmFolder === undefined) throw cannotAssemble('there is no npm beside Node or on the PATH');
  const busyboxPath = await firstFile([
    '/bin/busybox',
    '/usr/bin/busybox',
    '/usr/local/bin/busybox',
  ]);
  return { nodePath, nodeVersion: process.version, npmFolder, busyboxPath };
}

/**
 * What tells one runtime from another, without reading a whole binary: sizes and both ends of the
 * files, where an ELF file keeps its build id and its section table.
 */
export async function runtimeFingerprint(runtime: HostRuntime): Promise<string> {
  const { nodePath, nodeVersion, npmFolder, busyboxPath } = runtime;
  const hash = createHash('sha256').update(JSON.stringify([nodeVersion, process.arch]));
  hash.update(await endsOf(nodePath));
  hash.update(await readFile(join(npmFolder, 'package.json')));
  if (busyboxPath !== undefined) hash.update(await endsOf(busyboxPath));
  return hash.digest('hex');
}

/** Shared libraries of a program by absolute path, its loader among them; none for a static one. */
export async function sharedLibraries(program: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [program], { env: { LC_ALL: 'C' } });
    return libraryPaths(stdout);
  } catch (error) {
    // ldd's exit code for "not a dynamic executable".
    if (error instanceof Error && 'code' in error && error.code === 1) return [];
    throw cannotAssemble('ldd does not run here', error);
  }
}

/** Paths in ldd's output: `libm.so.6 => /lib/… (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
export function libraryPaths(output: string): string[] {
  return output
    .split('\n')
    .map((line) => /(?:=>\s+|^\s*)(\/\S+)\s+\(0x/.exec(line)?.[1])
    .filter((path) => path !== undefined);
}

/** Libraries that glibc opens by name to resolve hosts, beside the given libc, where there are any. */
export async function resolverLibraries(libraries: readonly string[]): Promise<string[]> {
  const libc = libraries.find((path) => path.endsWith('/libc.so.6'));
  if (libc === undefined) return [];
  const names = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];
  const paths = names.map((name) => join(dirname(libc), name));
  const there = await Promise.all(paths.map(isThere));
  return paths.filter((_, index) => there[index]);
}

function cannotAssemble(why: string, cause?: unknown): EngineError {
  return new EngineError(
    `The base image can’t be pulled, and none can be assembled from this host: ${why}.`,
    {
      code: 'BASE_IMAGE',
      suggestions: [
        'docker load a Node image, then mcpd config set baseImage NAME',
        'install Node with npm on a glibc Linux',
      ],
      cause,
    },
  );
}

async function findNpm(nodePath: string, path: string): Promise<string | undefined> {
  const onPath = await Promise.all(
    path.split(delimiter).map((folder) => realpath(join(folder, 'npm')).catch(() => undefined)),
  );
  const folders = [
    join(dirname(nodePath), '../lib/node_modules/npm'),
    ...onPath.filter((file) => file !== undefined).map((file) => join(dirname(file), '..')),
  ];
  // A distribution may spread npm's dependencies over the system: such an npm can't be copied.
  const whole = await Promise.all(
    folders.map((folder) => isThere(join(folder, 'node_modules/@npmcli/arborist/package.json'))),
  );
  return folders.find((_, index) => whole[index]);
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  const there = await Promise.all(paths.map(isThere));
  return paths.find((_, index) => there[index]);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function endsOf(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  const length = Math.min(size, 65_536);
  await using file = await open(path);
  const ends = Buffer.alloc(length * 2 + 8);
  await file.read(ends, 0, length, 0);
  await file.read(ends, length, length, size - length);
  ends.writeBigUInt64LE(BigInt(size), length * 2);
  return ends;
}
