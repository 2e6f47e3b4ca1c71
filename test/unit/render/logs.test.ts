import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { logRenderer } from '../../../src/render/logs.ts';

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
