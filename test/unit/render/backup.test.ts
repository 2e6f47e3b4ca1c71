import { expect, test } from 'vitest';
import { renderBackup } from '../../../src/render/backup.ts';

test('a file’s name can’t drive the terminal of whoever makes a backup', () => {
  const text = renderBackup({
    file: 'home.age',
    bytes: 1,
    whole: true,
    takenAt: '2026-01-01T00:00:00.000Z',
    users: [],
    notices: { first: [{ path: 'users/u/a\u001b[2J\nb', what: 'left out' }], count: 1 },
  });
  expect(text).toContain('users/u/a?[2J?b: left out');
  expect(text).not.toContain('\u001b');
});
