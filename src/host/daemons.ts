import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** A dockerd that runs here. */
export interface Daemon {
  readonly argv: readonly string[];
  /** Text of its configuration file; undefined: there is none. */
  readonly config: string | undefined;
}

/** Every dockerd with this process's network. Those that can't be looked at are left out. */
export async function readDaemons(): Promise<Daemon[]> {
  const own = await network('self');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readDaemon(pid, own).catch(() => [])));
  return found.flat();
}

async function readDaemon(pid: string, own: string): Promise<Daemon[]> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8');
  if (name.trim() !== 'dockerd' || (await network(pid)) !== own) return [];
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const file = lastFlag(argv, 'config-file') ?? '/etc/docker/daemon.json';
  const config = await readFile(join(`/proc/${pid}/root`, file), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  return [{ argv, config }];
}

function network(pid: string): Promise<string> {
  return readlink(`/proc/${pid}/ns/net`);
}

const configuration = z.object({ iptables: z.boolean().default(true) });

/** Whether this dockerd makes firewall rules; undefined when its configuration makes no sense. */
export function makesRules({ argv, config = '{}' }: Daemon): boolean | undefined {
  const flag = lastFlag(argv, 'iptables');
  if (flag !== undefined) return !/^(0|f|false)$/i.test(flag);
  try {
    return configuration.parse(JSON.parse(config)).iptables;
  } catch {
    return undefined;
  }
}

/** `--name=value` or `--name value`; a flag without a value is `true`. */
function lastFlag(argv: readonly string[], name: string): string | undefined {
  const at = argv.findLastIndex((one) => one === `--${name}` || one.startsWith(`--${name}=`));
  const [, value] = /=(.*)/.exec(argv[at] ?? '') ?? [];
  if (at === -1 || value !== undefined) return value;
  const next = argv[at + 1];
  return next === undefined || next.startsWith('-') ? 'true' : next;
}
