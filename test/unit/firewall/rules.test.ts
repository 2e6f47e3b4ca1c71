import { expect, test } from 'vitest';
import { loadRules, marker, requireRules, ruleCounts } from '../../../src/firewall/rules.ts';

test('loading twice gives the same rules: every chain is flushed before it is filled', () => {
  const commands = loadRules();
  for (const chain of ruleCounts.keys()) {
    const flushed = commands.indexOf(`flush chain inet mcpd ${chain}`);
    const filled = commands.findIndex((one) => one.startsWith(`add rule inet mcpd ${chain} `));
    expect(flushed).toBeGreaterThan(-1);
    expect(filled).toBeGreaterThan(flushed);
  }
});

test('no set of tenants is ever flushed or deleted by loading rules', () => {
  expect(
    loadRules(['rules_0_00000000']).filter((one) => /^(flush|delete) (set|map|table)/.test(one)),
  ).toEqual([]);
});

test('the marker that a transaction requires is the one that loading leaves', () => {
  expect(loadRules(['rules_0_00000000'])).toContain('delete chain inet mcpd rules_0_00000000');
  expect(loadRules().at(-1)).toBe(`add chain inet mcpd ${marker}`);
  expect(requireRules()).toContain(marker);
});
