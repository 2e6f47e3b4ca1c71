import { expect, test } from 'vitest';
import type { ControlLine } from '../../../src/audit/result.ts';
import { renderControlLine } from '../../../src/render/audit.ts';
import { styleFor } from '../../../src/render/style.ts';

function changesOf(...changes: ControlLine['changes']): string[] {
  const line: ControlLine = {
    time: '2026-01-31T14:05:00.000Z',
    id: 'c1',
    began: '2026-01-31T14:04:59.000Z',
    actor: { uid: 0, user: 'root', sudoUser: null },
    command: 'mcpd user update bob --memory',
    object: 'bob',
    outcome: 'ok',
    code: null,
    changed: true,
    changes,
    previous: null,
    hash: null,
  };
  const text = renderControlLine(line, styleFor({}, { NO_COLOR: '1' }));
  return text
    .split('\n')
    .slice(1)
    .filter((one) => one !== '')
    .map((one) => one.trim());
}

test('what commands changed is told as people write it: sizes, times, what is empty', () => {
  const lines = changesOf(
    { what: 'user bob limits.memoryBytes', before: null, after: 2 ** 29 },
    { what: 'group students policy.memory', before: 2 ** 28, after: 2 ** 29 },
    { what: 'token bob/report t1 expires_at', before: null, after: 1798321002629 },
    { what: 'user bob uid', before: null, after: 200000 },
    { what: 'setting oidc.issuer', before: '', after: 'https://login.example' },
  );
  expect(lines).toEqual([
    'user bob limits.memoryBytes: none → 512m',
    'group students policy.memory: 256m → 512m',
    'token bob/report t1 expires_at: none → 2026-12-26T21:36:42Z',
    'user bob uid: none → 200000',
    "setting oidc.issuer: '' → https://login.example",
  ]);
});
