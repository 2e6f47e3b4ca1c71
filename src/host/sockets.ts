import { readdirSync, readlinkSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { littleEndian } from './routes.ts';

/** A listening TCP socket of this network namespace. */
export interface Listener {
  /** IPv4 or `::`-style address; every IPv6 address but the wildcard is kept as hex. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

export interface Holder {
  readonly pid: number;
  /** Name of the program, such as `node`. */
  readonly name: string;
}

/** Every listening TCP socket. The kernel takes milliseconds for each table, so ask beside other work. */
export async function readListeners(proc = '/proc'): Promise<Listener[]> {
  const tables = ['net/tcp', 'net/tcp6'].map((table) => readTable(join(proc, table)));
  return (await Promise.all(tables)).flatMap(parseListeners);
}

/**
 * A predicate over one snapshot: could `address:port` be bound? A guess for choosing ports only; the
 * engine's own bind is the truth.
 */
export function freePorts(
  address: string,
  listeners: readonly Listener[],
): (port: number) => boolean {
  const taken = new Set(
    listeners
      .filter((one) => isWildcard(address) || isWildcard(one.address) || one.address === address)
      .map((one) => one.port),
  );
  return (port) => !taken.has(port);
}

/** Who listens on a port; undefined when nobody does, or when this user may not see the process. */
export async function portHolder(port: number, proc = '/proc'): Promise<Holder | undefined> {
  return (await portHolders((one) => one === port, proc)).get(port);
}

/** The holders of every listening port that is wanted, in one pass over the processes. */
export async function portHolders(
  wanted: (port: number) => boolean,
  proc = '/proc',
): Promise<Map<number, Holder>> {
  const ports = new Map<string, number>();
  for (const { port, inode } of await readListeners(proc)) {
    if (wanted(port)) ports.set(`socket:[${inode}]`, port);
  }
  const holders = new Map<number, Holder>();
  const { size } = new Set(ports.values());
  for (const pid of ports.size === 0 ? [] : await readdir(proc)) {
    if (holders.size === size) break;
    if (!/^\d+$/.test(pid)) continue;
    for (const link of socketLinks(join(proc, pid, 'fd'))) {
      const port = ports.get(link);
      if (port === undefined || holders.has(port)) continue;
      holders.set(port, { pid: Number(pid), name: await programName(join(proc, pid)) });
    }
  }
  return holders;
}

/** Reads `/proc/net/tcp` or `tcp6`; only sockets in LISTEN (0A). */
export function parseListeners(text: string): Listener[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap((fields) => {
      const [hexAddress, hexPort] = (fields[1] ?? '').split(':');
      const inode = fields[9];
      if (fields[3] !== '0A' || !hexAddress || !hexPort || !inode) return [];
      return [{ address: toAddress(hexAddress), port: Number.parseInt(hexPort, 16), inode }];
    });
}

const mappedPrefix = '0000000000000000FFFF0000';

function toAddress(hex: string): string {
  if (hex.length === 8) return littleEndian(hex);
  if (/^0+$/.test(hex)) return '::';
  return hex.startsWith(mappedPrefix) ? littleEndian(hex.slice(mappedPrefix.length)) : hex;
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

// A kernel without IPv6 has no tcp6 table.
async function readTable(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/**
 * A process may end, or belong to somebody else, between the listing and the look. Read at once, since the
 * kernel has it in memory: waiting for each of thousands of links would take much longer.
 */
function socketLinks(folder: string): string[] {
  return linksIn(folder).filter((link) => link.startsWith('socket:'));
}

function linksIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => linkOf(join(folder, name)));
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

// Programs may give themselves any short name; their file says more where it can be read.
async function programName(folder: string): Promise<string> {
  const file = await readlink(join(folder, 'exe')).catch(() => undefined);
  if (file !== undefined) return basename(file.replace(/ \(deleted\)$/, ''));
  return (await readFile(join(folder, 'comm'), 'utf8').catch(() => 'unknown')).trim();
}
