import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { Entry, Tree } from './entries.ts';
import { resolverLibraries, sharedLibraries, type HostRuntime } from './host-runtime.ts';

/** A root file system that runs Node and npm, with paths as in the official Node images. */
export async function rootfsEntries(
  runtime: HostRuntime,
  certificates: string,
): Promise<readonly (Entry | Tree)[]> {
  const { nodePath, npmFolder, busyboxPath } = runtime;
  const programs = busyboxPath === undefined ? [nodePath] : [nodePath, busyboxPath];
  const linked = (await Promise.all(programs.map(sharedLibraries))).flat();
  const libraries = new Set([...linked, ...(await resolverLibraries(linked))]);
  return [
    ...skeleton(certificates),
    { type: 'copy', path: 'usr/local/bin/node', source: nodePath, mode: 0o755 },
    {
      type: 'tree',
      path: 'usr/local/lib/node_modules/npm',
      source: npmFolder,
      skip: (path) => path === 'docs' || path === 'man',
    },
    ...commandLinks,
    // Libraries keep their paths: the loader looks where this host's linker said.
    ...[...libraries].map((source): Entry => ({
      type: 'copy',
      path: source.slice(1),
      source,
      mode: 0o755,
    })),
    ...(busyboxPath === undefined ? [] : await busyboxEntries(busyboxPath)),
  ];
}

function skeleton(certificates: string): Entry[] {
  const file = (path: string, content: string): Entry => ({ type: 'file', path, content });
  return [
    ...['dev', 'proc', 'run', 'sys', 'var/log'].map((path): Entry => ({ type: 'folder', path })),
    { type: 'folder', path: 'root', mode: 0o700 },
    { type: 'folder', path: 'tmp', mode: 0o1777 },
    { type: 'folder', path: 'var/tmp', mode: 0o1777 },
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    file('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    file('etc/ssl/certs/ca-certificates.crt', certificates),
  ];
}

const commandLinks: readonly Entry[] = ['npm', 'npx'].map((name) => ({
  type: 'link',
  path: `usr/local/bin/${name}`,
  target: `../lib/node_modules/npm/bin/${name}-cli.js`,
}));

/** A shell and its tools, for npm packages whose commands are shell scripts, and for `mcpd exec`. */
async function busyboxEntries(path: string): Promise<Entry[]> {
  const { stdout } = await promisify(execFile)(path, ['--list']);
  const applets = stdout.split('\n').filter((name) => /^[\w[.-]+$/.test(name));
  const link = (at: string): Entry => ({ type: 'link', path: at, target: '/bin/busybox' });
  return [
    { type: 'copy', path: 'bin/busybox', source: path, mode: 0o755 },
    ...applets.filter((name) => name !== basename('busybox')).map((name) => link(`bin/${name}`)),
    // Where the first line of scripts looks.
    link('usr/bin/env'),
  ];
}
