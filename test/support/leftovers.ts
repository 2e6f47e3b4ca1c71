import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readRows } from './snapshot.ts';
import type { Tenancy } from './tenancy.ts';
import { unusedSubnet } from './unused.ts';

/** A range of subnets of a home's own, and what the host has of it. */
export class OwnSubnets {
  /** For the home's settings. */
  readonly subnets = { pool: unusedSubnet(23) };

  /** Everything that is left of a home's users: objects, rows, files, bridges, firewall entries. */
  async leftovers(tenancy: Tenancy): Promise<unknown[]> {
    const { meta: _meta, ...rows } = readRows(tenancy);
    const bridges = [...Object.keys(networkInterfaces()), ...(await firewalled())];
    return [
      ...(await tenancy.objects()),
      ...Object.values(rows).flat(),
      ...(await readdir(await tenancy.runtime()).catch(() => [])),
      ...(await readdir(join(tenancy.home, 'users')).catch(() => [])),
      ...new Set(bridges.filter((bridge) => this.#isOurs(bridge))),
    ];
  }

  #isOurs(bridge: string): boolean {
    const [, hex = ''] = /^mcpd-([0-9a-f]{8})$/.exec(bridge) ?? [];
    const [first = ''] = this.subnets.pool.split('/');
    const start = first.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
    const address = Number.parseInt(hex, 16);
    return address >= start && address < start + 512;
  }
}

async function firewalled(): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const { stdout } = await promisify(execFile)('nft', ['list', 'ruleset']);
  return stdout.match(/mcpd-[0-9a-f]{8}/g) ?? [];
}
