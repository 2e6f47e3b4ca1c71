import { expect, test } from 'vitest';
import { RefusedError } from '../../../src/errors.ts';
import { FirewallError, type Nft } from '../../../src/firewall/nft.ts';
import { protectTenant, protectTenants } from '../../../src/firewall/protect.ts';

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

test('many tenants are protected in one transaction, and no name is looked up for it', async () => {
  const inputs: string[] = [];
  const nft: Nft = async (_, input = '') => {
    inputs.push(input);
    return { code: 0, stdout: '{"nftables":[]}', stderr: '' };
  };
  const tenants = [
    { bridge, egress: { profile: 'public' } as const },
    {
      bridge: 'mcpd-0ac80020',
      egress: { profile: 'allow', targets: ['192.0.2.1:443', 'name.invalid'] } as const,
    },
  ];
  await protectTenants({ uid: 0, config: auto }, tenants, nft);
  const transactions = inputs.filter((input) => input !== '');
  expect(transactions).toHaveLength(1);
  expect(transactions[0]).toContain(`public { "${bridge}" }`);
  expect(transactions[0]).toContain('targets { "mcpd-0ac80020" . 192.0.2.1 . 443 }');
  expect(transactions[0]).not.toContain('name.invalid');
});

test('many tenants of somebody who isn’t root are left as they are', async () => {
  const tenants = [{ bridge, egress: { profile: 'public' } as const }];
  await expect(protectTenants({ uid: 1000, config: auto }, tenants, never)).resolves.toBe(
    undefined,
  );
});
