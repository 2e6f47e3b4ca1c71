import { expect, test } from 'vitest';
import { RefusedError } from '../../../src/errors.ts';
import { FirewallError, type Nft } from '../../../src/firewall/nft.ts';
import { protectTenant } from '../../../src/firewall/protect.ts';

const bridge = 'mcpd-0ac80010';
const auto = { firewall: 'auto' } as const;
const never: Nft = () => Promise.reject(new Error('nft must not be run'));

test('without root a default profile is reported as not enforced, and nothing is run', async () => {
  const host = { uid: 1000, config: auto };
  const egress = { profile: 'public' } as const;
  expect(await protectTenant(host, { bridge, egress, explicit: false, nft: never })).toEqual({
    enforced: false,
    reason: 'mcpd is not run as root',
    unresolved: [],
  });
});

test('a profile that was asked for and can’t be enforced is refused', async () => {
  const host = { uid: 1000, config: auto };
  const egress = { profile: 'none' } as const;
  const asked = protectTenant(host, { bridge, egress, explicit: true, nft: never });
  await expect(asked).rejects.toThrow(RefusedError);
});

test('with firewall=required nothing starts unprotected', async () => {
  const host = { uid: 1000, config: { firewall: 'required' } as const };
  const egress = { profile: 'public' } as const;
  const asked = protectTenant(host, { bridge, egress, explicit: false, nft: never });
  await expect(asked).rejects.toThrow(RefusedError);
});

test('root without nft gets an error, not an unprotected tenant', async () => {
  const missing: Nft = () => Promise.resolve({ code: undefined, stdout: '', stderr: '' });
  const egress = { profile: 'public' } as const;
  const asked = protectTenant(
    { uid: 0, config: auto },
    { bridge, egress, explicit: false, nft: missing },
  );
  await expect(asked).rejects.toThrow(FirewallError);
  await expect(asked).rejects.toThrow('nft is not installed');
});
