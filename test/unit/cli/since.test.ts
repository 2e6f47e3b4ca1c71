import { expect, test } from 'vitest';
import { sinceText } from '../../../src/cli/since.ts';

const now = Date.parse('2026-01-31T12:00:00Z');

test('a duration means that long ago', () => {
  expect(sinceText.parse('10m')(now)).toBe(now - 600_000);
});

test('a date or a time means itself', () => {
  expect(sinceText.parse('2026-01-31T11:00:00Z')(now)).toBe(now - 3_600_000);
  expect(sinceText.parse('2026-01-31')(now)).toBe(Date.parse('2026-01-31'));
});

test.each(['yesterday', '', '10', '2026-13-45'])('refuses "%s"', (text) => {
  expect(sinceText.safeParse(text).success).toBe(false);
});
