import { createHash } from 'node:crypto';
import { bridgePort } from '../policy/ports.ts';
import { bridgePrefix } from './bridge.ts';

export const table = 'inet mcpd';

/** Raise when the rules change, so that an older mcpd on the same host leaves newer rules alone. */
export const rulesVersion = 1;

// Never reachable under any profile: this host, link-local (which holds the metadata services of most
// clouds), the metadata services that live elsewhere, and multicast to broadcast.
const never = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.0/3',
];

// Somebody's own network; reachable only under `open`, or as a target of `allow`.
const internal = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
];

/**
 * What holds the facts of tenants. Their number changes, the rules' number doesn't: a packet costs a few
 * hash lookups however many tenants there are. `tenants` sends a known bridge to `egress`; its elements
 * are also what keeps the kernel from deleting that chain, and so the table, while a tenant is in it.
 */
const stores = [
  'map inet mcpd tenants { type ifname : verdict; }',
  'set inet mcpd own { type ifname . ifname; }',
  'set inet mcpd online { type ifname; }',
  'set inet mcpd public { type ifname; }',
  'set inet mcpd open { type ifname; }',
  'set inet mcpd allow { type ifname; }',
  'set inet mcpd targets { type ifname . ipv4_addr . inet_service; flags interval; }',
  'set inet mcpd resolvers { type ipv4_addr; }',
];

// Before Docker's own chains, which only ever see what these let pass.
const chains = [
  'chain inet mcpd input { type filter hook input priority -10; policy accept; }',
  'chain inet mcpd forward { type filter hook forward priority -10; policy accept; }',
  'chain inet mcpd output { type filter hook output priority -10; policy accept; }',
  'chain inet mcpd egress',
];

const asks = 'meta l4proto { tcp, udp } th dport 53';
const any = `"${bridgePrefix}*"`;

/**
 * Chain → rules, in order. Only replies are accepted by their connection's state: what a tenant itself
 * began is judged packet by packet, so that a narrower profile also ends connections already open.
 */
const rules: Readonly<Record<'input' | 'forward' | 'output' | 'egress', readonly string[]>> = {
  // Tenant → this host, at any of its addresses.
  input: [
    `iifname != ${any} accept`,
    'ct state related accept',
    'ct state established ct direction reply accept',
    `iifname @online ip daddr @resolvers ${asks} accept`,
    'drop',
  ],
  forward: [
    'iifname vmap @tenants',
    // A bridge nobody declared may answer and nothing else: the profile `none`.
    `iifname ${any} goto egress`,
    // Elsewhere → tenant: only replies and published ports, and those of 127.0.0.1 only from this host.
    `oifname ${any} ct direction original ct original ip daddr 127.0.0.0/8 drop`,
    `oifname ${any} ct direction original ct status & dnat != dnat drop`,
  ],
  // This host → tenant: its bridges only. Whatever else listens there asks nobody for a token.
  output: [
    `oifname ${any} ct direction original meta l4proto { tcp, udp } th dport != ${bridgePort} drop`,
  ],
  // Tenant → elsewhere.
  egress: [
    'ct state related accept',
    'ct state established ct direction reply accept',
    'meta nfproto ipv6 drop',
    'iifname . oifname @own accept',
    `oifname ${any} drop`,
    `iifname @online ip daddr @resolvers ${asks} accept`,
    `ip daddr { ${never.join(', ')} } drop`,
    'iifname @open accept',
    `iifname @public ip daddr != { ${internal.join(', ')} } accept`,
    'iifname @allow meta l4proto { tcp, udp } iifname . ip daddr . th dport @targets accept',
    'drop',
  ],
};

const body = [
  ...stores.map((store) => `add ${store}`),
  ...chains.map((chain) => `add ${chain}`),
  ...Object.keys(rules).map((chain) => `flush chain ${table} ${chain}`),
  ...Object.entries(rules).flatMap(([chain, list]) =>
    list.map((rule) => `add rule ${table} ${chain} ${rule}`),
  ),
];

const hash = createHash('sha256').update(body.join('\n')).digest('hex').slice(0, 8);

/** An empty chain whose name says which rules are loaded: naming it fails a transaction on any others. */
export const marker = `rules_${rulesVersion}_${hash}`;

/** Number of rules in each chain; what a listing must show. */
export const ruleCounts: ReadonlyMap<string, number> = new Map(
  Object.entries(rules).map(([chain, list]) => [chain, list.length]),
);

/**
 * Commands that load the rules, or put them in place of others, and leave every tenant as it is.
 * Idempotent, so that any number of processes may do it at once.
 */
export function loadRules(loadedMarkers: readonly string[] = []): string[] {
  return [
    `add table ${table}`,
    ...body,
    // Added first, since to delete what another process has just deleted is an error.
    ...loadedMarkers.flatMap((old) => [
      `add chain ${table} ${old}`,
      `delete chain ${table} ${old}`,
    ]),
    `add chain ${table} ${marker}`,
  ];
}

/** The same, but fails when there is a table already. */
export function loadFirstRules(): string[] {
  return [`create table ${table}`, ...loadRules()];
}

/** Fails when these rules are not the loaded ones. */
export function requireRules(): string {
  return `flush chain ${table} ${marker}`;
}

/** Takes the whole table away; the kernel refuses while a tenant's element refers to `egress`. */
export function unloadRules(): string[] {
  return [
    ...Object.keys(rules).map((chain) => `flush chain ${table} ${chain}`),
    `delete chain ${table} egress`,
    `delete table ${table}`,
  ];
}
