import { execFileSync } from 'node:child_process';
import { ensureFirewall } from '../../src/firewall/firewall.ts';
import { readListing } from '../../src/firewall/listing.ts';
import { systemNft, type Nft } from '../../src/firewall/nft.ts';
import { bridgeName } from '../../src/firewall/bridge.ts';
import { table } from '../../src/firewall/rules.ts';
import { medians, timed } from './measure.ts';
import { ratioRow, type Row } from './report.ts';

const rounds = 15;
const tenants = 300;

/** Rules, and the time to set one tenant's profile, with one tenant and with many. Needs root. */
export async function benchFirewall(): Promise<Row[]> {
  using small = new Namespace('small');
  using large = new Namespace('large');
  for (let index = 0; index < tenants; index += 1) await setTenant(large.nft, index);
  await setTenant(small.nft, 0);
  const [rulesOfOne, rulesOfMany] = [await countRules(small.nft), await countRules(large.nft)];
  const ms = await medians(
    {
      one: () => timed(() => setTenant(small.nft, 0)),
      many: () => timed(() => setTenant(large.nft, 0)),
    },
    rounds,
  );
  return [
    {
      what: `firewall rules, ${tenants} tenants`,
      measured: String(rulesOfMany),
      against: `with 1 tenant: ${rulesOfOne}`,
      budget: 'equal',
      verdict: rulesOfMany === rulesOfOne ? 'met' : 'over',
    },
    ratioRow({
      what: `setting one tenant's profile, ${tenants} tenants`,
      ms: ms.many,
      against: 'with 1 tenant',
      againstMs: ms.one,
      budget: 1.5,
    }),
  ];
}

function setTenant(nft: Nft, index: number): Promise<void> {
  const bridge = bridgeName(`10.200.${Math.floor(index / 16)}.${(index % 16) * 16}/28`);
  const tenant = { bridge, profile: 'public', targets: [] } as const;
  return ensureFirewall({ nft, resolvers: ['192.0.2.53'], tenants: [tenant] });
}

async function countRules(nft: Nft): Promise<number> {
  const listing = readListing(await nft(['-j', 'list', 'table', ...table.split(' ')]));
  return [...listing.rules.values()].reduce((sum, count) => sum + count, 0);
}

/** A network namespace, so that the host's own table is left alone. */
class Namespace implements Disposable {
  readonly nft: Nft;
  readonly #name: string;

  constructor(name: string) {
    this.#name = `mcpd-bench-${name}-${process.pid}`;
    execFileSync('ip', ['netns', 'add', this.#name]);
    this.nft = systemNft(process.env, ['nsenter', `--net=/run/netns/${this.#name}`]);
  }

  [Symbol.dispose](): void {
    execFileSync('ip', ['netns', 'delete', this.#name]);
  }
}
