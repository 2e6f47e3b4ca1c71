import * as z from 'zod';
import type { NftAnswer } from './nft.ts';

/** The part of `nft -j list …` that is read here. Unknown objects are skipped. */
const address = z.union([
  z.string(),
  z.object({ prefix: z.object({ addr: z.string(), len: z.number() }) }),
  z.object({ range: z.tuple([z.string(), z.string()]) }),
]);
const port = z.union([z.number(), z.object({ range: z.tuple([z.number(), z.number()]) })]);
const listing = z.object({
  nftables: z.array(
    z.object({
      table: z.object({ name: z.string(), flags: z.unknown().optional() }).optional(),
      chain: z.object({ name: z.string(), policy: z.string().optional() }).optional(),
      rule: z.object({ chain: z.string() }).optional(),
      set: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
      map: z.object({ name: z.string(), elem: z.array(z.unknown()).optional() }).optional(),
    }),
  ),
});
const targetElement = z.object({ concat: z.tuple([z.string(), address, port]) });
const ownElement = z.object({ concat: z.tuple([z.string(), z.string()]) });
const tenantElement = z.tuple([z.string(), z.unknown()]);

export interface Listing {
  readonly dormant: boolean;
  readonly chains: readonly string[];
  /** Chain → number of rules. */
  readonly rules: ReadonlyMap<string, number>;
  /** Bridges in the map `tenants`. */
  readonly tenants: readonly string[];
  /** Bridges that may reach themselves, in the set `own`. */
  readonly own: ReadonlySet<string>;
  /** Set → its elements that are plain bridge names. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Reads a listing of the table, with or without its elements. */
export function readListing(answer: NftAnswer): Listing {
  const { nftables } = listing.parse(JSON.parse(answer.stdout));
  const rules = new Map<string, number>();
  for (const { rule } of nftables) {
    if (rule) rules.set(rule.chain, (rules.get(rule.chain) ?? 0) + 1);
  }
  const own = nftables.find(({ set }) => set?.name === 'own')?.set?.elem ?? [];
  const tenants = nftables.find(({ map }) => map?.name === 'tenants')?.map?.elem ?? [];
  return {
    // nft 1.0.6 writes garbage for the flag's name; a table of ours never has one.
    dormant: nftables.some(({ table }) => table?.flags !== undefined),
    chains: nftables.flatMap(({ chain }) => chain?.name ?? []),
    rules,
    tenants: tenants.map((element) => tenantElement.parse(element)[0]),
    own: new Set(own.map((element) => ownElement.parse(element).concat[0])),
    members: new Map(
      nftables.flatMap(({ set }) =>
        set ? [[set.name, new Set((set.elem ?? []).filter((one) => typeof one === 'string'))]] : [],
      ),
    ),
  };
}

/** The elements of `targets` by bridge, each as `formatTarget` writes it. */
export function readTargets(answer: NftAnswer): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  const { nftables } = listing.parse(JSON.parse(answer.stdout));
  const elements = nftables.find(({ set }) => set?.name === 'targets')?.set?.elem ?? [];
  for (const element of elements) {
    const [bridge, to, on] = targetElement.parse(element).concat;
    const list = targets.get(bridge) ?? [];
    list.push(`${formatAddress(to)} . ${typeof on === 'number' ? on : on.range.join('-')}`);
    targets.set(bridge, list);
  }
  return targets;
}

function formatAddress(to: z.infer<typeof address>): string {
  if (typeof to === 'string') return to;
  return 'prefix' in to ? `${to.prefix.addr}/${to.prefix.len}` : to.range.join('-');
}
