import { expect, test } from 'vitest';
import { renderUpDown } from '../../../src/render/plan.ts';

test('of users who were removed it is said why', () => {
  const removed = (user: string, removedBecause: string | null) => ({
    user,
    operations: [],
    removed: removedBecause !== null,
    removedBecause,
  });
  const users = [
    removed('ann', 'its time was over at 2026-01-01T00:00:00Z'),
    removed('ci-7', 'its mcpd run (process 7) has ended'),
    removed('bob', null),
  ];
  expect(renderUpDown({ changed: true, users })).toBe(
    [
      'Removed ann: its time was over at 2026-01-01T00:00:00Z.',
      'Removed ci-7: its mcpd run (process 7) has ended.',
    ].join('\n'),
  );
});
