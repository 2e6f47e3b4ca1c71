import * as z from 'zod';

/**
 * Whether the engine's own rules are on this host: what masquerades, publishes ports and forwards. `off`: it
 * is told to make none; `unknown`: it can't be told from here.
 */
export type EngineRules =
  | { readonly status: 'kept' | 'off' | 'unknown' }
  | { readonly status: 'lost'; readonly tables: readonly string[] };

/** The rules for IPv4 of one place, as far as they are read here. */
export interface SeenRules {
  /** Tables with a rule in them. */
  readonly tables: ReadonlySet<string>;
  /** `nat PREROUTING DOCKER`: a chain that jumps to another one. */
  readonly jumps: ReadonlySet<string>;
}

interface Evidence {
  /** As the engine names it; undefined: an engine that knows but one. */
  readonly backend: string | undefined;
  /** Of each place where they may be; undefined: that one can't be read. */
  readonly places: readonly (SeenRules | undefined)[];
}

/** Pure. `lost` only when everything was seen: says nothing of an engine that is told to make no rules. */
export function judgeEngineRules({ backend, places }: Evidence): EngineRules {
  const tables = lostTables(backend, places);
  if (tables.length === 0) return { status: 'kept' };
  return places.includes(undefined) ? { status: 'unknown' } : { status: 'lost', tables };
}

function lostTables(backend: string | undefined, places: Evidence['places']): string[] {
  if (backend?.startsWith('nftables')) {
    return places.some((seen) => seen?.tables.has('docker-bridges')) ? [] : ['docker-bridges'];
  }
  const jumps = places.flatMap((seen) => [...(seen?.jumps ?? [])]);
  // One by one they come and go while a network is made; all of them at once don't.
  return ['nat PREROUTING DOCKER', 'filter FORWARD DOCKER']
    .filter((jump) => !jumps.some((one) => one.startsWith(jump)))
    .map((jump) => jump.split(' ')[0] ?? '');
}

// Tenants are thousands of rules: what is not read here is not looked at.
const expression = z.object({ jump: z.object({ target: z.string() }).optional() });
const ruleset = z.object({
  nftables: z.array(
    z.object({
      rule: z
        .object({ table: z.string(), chain: z.string(), expr: z.array(expression).default([]) })
        .optional(),
    }),
  ),
});

/** Reads `nft -j list ruleset ip`, which shows those of iptables-nft too; undefined: no sense in it. */
export function readNftRules(text: string): SeenRules | undefined {
  const parsed = ruleset.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const rules = parsed.data.nftables.flatMap(({ rule }) => rule ?? []);
  return {
    tables: new Set(rules.map(({ table }) => table)),
    jumps: new Set(
      rules.flatMap(({ table, chain, expr }) =>
        expr.flatMap(({ jump }) => (jump ? [`${table} ${chain} ${jump.target}`] : [])),
      ),
    ),
  };
}

/** Reads what `iptables-save` of the old kind writes; undefined: that of the new kind, or no sense in it. */
export function readLegacyRules(text: string): SeenRules | undefined {
  if (!text.includes('*nat\n') || text.includes('(nf_tables)')) return undefined;
  const tables = new Set<string>();
  const jumps = new Set<string>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const [, chain, rest = ''] = /^-A (\S+)(.*)/.exec(line) ?? [];
    if (chain === undefined) continue;
    tables.add(table);
    const [, target] = / -j (\S+)/.exec(rest) ?? [];
    if (target !== undefined) jumps.add(`${table} ${chain} ${target}`);
  }
  return { tables, jumps };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
