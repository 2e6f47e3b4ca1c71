import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { harmless, logRenderer } from '../../../src/render/logs.ts';

const style = new Chalk({ level: 0 });
const line = {
  server: 'bob/memory',
  time: '2026-01-01T00:00:00Z',
  stream: 'stdout',
  line: 'a\u001b[2Jb',
} as const;

describe('logRenderer', () => {
  test('several servers get an aligned prefix, a single one none', () => {
    const keys = ['bob/memory', 'bob/filesystem'];
    const several = logRenderer({ keys, timestamps: false, style, isTerminal: true });
    expect(several(line)).toBe('bob/memory     | a?[2Jb\n');
    const single = logRenderer({ keys: ['bob/memory'], timestamps: true, style, isTerminal: true });
    expect(single(line)).toBe('2026-01-01T00:00:00Z a?[2Jb\n');
  });

  test('a pipe gets the line byte for byte', () => {
    const keys = ['bob/memory'];
    const render = logRenderer({ keys, timestamps: false, style, isTerminal: false });
    expect(render(line)).toBe('a\u001b[2Jb\n');
  });
});

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
