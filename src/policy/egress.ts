import { z } from 'zod';

/** What a tenant's containers may reach outside. `allow` entries are `host`, `host:port` or a CIDR. */
export type Egress =
  | { readonly profile: 'public' }
  | { readonly profile: 'none' }
  | { readonly profile: 'open' }
  | { readonly profile: 'allow'; readonly targets: readonly string[] };

const target = /^(?:\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}|[a-z0-9](?:[a-z0-9.-]{0,252})(?::\d{1,5})?)$/i;

/** Parses `public`, `none`, `open` or `allow:host[:port],cidr,…`. */
export const egressText = z.string().transform((text, issue): Egress => {
  if (text === 'public' || text === 'none' || text === 'open') return { profile: text };
  const targets = text.startsWith('allow:') ? text.slice('allow:'.length).split(',') : [];
  if (targets.length > 0 && targets.every((one) => target.test(one))) {
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
