import { describe, expect, test } from 'vitest';
import { commandLine, quote, unitFile } from '../../../src/service/unit-file.ts';

describe('a unit file', () => {
  test('has its heading as comments, and its sections in order', () => {
    const sections = { Unit: [['After', 'a'] as const], Service: [['Type', 'oneshot'] as const] };
    expect(unitFile(['One.', 'Two.'], sections)).toBe(
      '# One.\n# Two.\n\n[Unit]\nAfter=a\n\n[Service]\nType=oneshot\n',
    );
  });

  test.each([
    ['/usr/bin/node', '/usr/bin/node'],
    ['/srv/a b', '"/srv/a b"'],
    ['/srv/"b"', String.raw`"/srv/\"b\""`],
    [String.raw`/srv/a\x20b`, String.raw`"/srv/a\\x20b"`],
    ['100%n', '100%%n'],
    ['', '""'],
    ["it's", `"it's"`],
    ['two\nlines', String.raw`"two\nlines"`],
  ])('takes %j for what it is', (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });

  test('expands no variable in a command', () => {
    expect(commandLine(['/srv/$HOME/node', 'up'])).toBe('/srv/$$HOME/node up');
  });
});
