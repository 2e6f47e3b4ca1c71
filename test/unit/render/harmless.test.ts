import { describe, expect, test } from 'vitest';
import { harmless } from '../../../src/render/harmless.ts';
import { renderPlan } from '../../../src/render/plan.ts';
import { renderStatus } from '../../../src/render/status.ts';
import { styleFor } from '../../../src/render/style.ts';
import { renderUpgrade } from '../../../src/render/upgrade.ts';

describe('harmless', () => {
  test('keeps tabs and colours, and ends the colour with the line', () => {
    expect(harmless('\u001b[31mred\u001b[0m\tx')).toBe('\u001b[31mred\u001b[0m\tx\u001b[0m');
  });

  test.each([
    ['a title', '\u001b]0;owned\u0007', '?]0;owned?'],
    ['a cleared screen', '\u001b[2J', '?[2J'],
    ['an overwritten line', 'real\rfake', 'real?fake'],
    ['a C1 control', '\u009b2J', '?2J'],
    ['another control before a colour', '\u0007[31m', '?[31m'],
  ])('shows the controls of %s as question marks', (_name, text, shown) => {
    expect(harmless(text)).toBe(shown);
  });
});

describe('what a server logged, or answered, can’t drive the terminal of who reads', () => {
  const told = 'Its last lines:\n\u001b]0;owned\u0007\u001b[2J\rgone';
  const shown = 'Its last lines:\n?]0;owned??[2J?gone';

  test('a plan', () => {
    const text = renderPlan({ users: [{ user: 'bob', operations: [], problem: told }] });
    expect(text).toBe(`bob can't be planned for: ${shown}`);
  });

  test('an upgrade', () => {
    const row = { server: 'bob/memory', outcome: 'failed', from: null, to: null } as const;
    const text = renderUpgrade({
      changed: false,
      dryRun: false,
      servers: [{ ...row, problem: told }],
    });
    expect(text).toMatch(/\n\nbob\/memory: /);
    expect(text.endsWith(shown)).toBe(true);
  });

  test('the status of a server that was probed', () => {
    const row = {
      user: 'bob',
      server: 'memory',
      template: 'memory',
      port: 20000,
      url: 'http://127.0.0.1:20000/mcp',
      wanted: 'running',
      state: 'running',
      ready: false,
      uptimeSeconds: 1,
      restarts: 0,
      oomKilled: false,
      exitCode: null,
    } as const;
    const text = renderStatus(
      { stale: false, servers: [{ ...row, reason: told }] },
      styleFor({}, {}),
    );
    expect(text.endsWith(`bob/memory is not ready: ${shown}`)).toBe(true);
  });
});
