import * as z from 'zod';

/** What a tenant's containers may reach outside. `allow` entries are `host`, `host:port` or a CIDR. */
export type Egress =
  | { readonly profile: 'public' }
  | { readonly profile: 'none' }
  | { readonly profile: 'open' }
  | { readonly profile: 'allow'; readonly targets: readonly string[] };

const hostAndPort = /^[a-z0-9][a-z0-9.-]{0,252}(?::(\d{1,5}))?$/i;

/** Parses `public`, `none`, `open` or `allow:host[:port],cidr,…`. */
export const egressText = z.string().transform((text, issue): Egress => {
  if (text === 'public' || text === 'none' || text === 'open') return { profile: text };
  const targets = text.startsWith('allow:') ? text.slice('allow:'.length).split(',') : [];
  if (targets.length > 0 && targets.every(isTarget)) {
    return { profile: 'allow', targets };
  }
  issue.addIssue(
    `"${text}" is not an egress profile; write public, none, open or allow:host[:port],cidr,…`,
  );
  return z.NEVER;
});

export function formatEgress(egress: Egress): string {
  return egress.profile === 'allow' ? `allow:${egress.targets.join(',')}` : egress.profile;
}

function isTarget(text: string): boolean {
  if (text.includes('/')) return z.cidrv4().safeParse(text).success;
  const match = hostAndPort.exec(text);
  const port = Number(match?.[1] ?? 1);
  return match !== null && port >= 1 && port <= 65_535;
}
