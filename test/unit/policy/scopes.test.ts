import { expect, test } from 'vitest';
import { parseScopes, requiredScope, scopes } from '../../../src/policy/scopes.ts';

test.each([
  ['tools/list', 'tools:read'],
  ['tools/call', 'tools:call'],
  ['tools/something-new', 'tools:call'],
  ['resources/list', 'resources:read'],
  ['resources/templates/list', 'resources:read'],
  ['resources/read', 'resources:read'],
  ['resources/subscribe', 'resources:read'],
  ['prompts/list', 'prompts:read'],
  ['prompts/get', 'prompts:read'],
])('%s needs %s', (method, scope) => {
  expect(requiredScope(method)).toBe(scope);
});

test.each(['initialize', 'ping', 'logging/setLevel', 'notifications/cancelled', 'x/unknown', ''])(
  'any token may send %s',
  (method) => {
    expect(requiredScope(method)).toBeUndefined();
  },
);

test('a completion needs the scope of what it completes', () => {
  expect(requiredScope('completion/complete', 'ref/resource')).toBe('resources:read');
  expect(requiredScope('completion/complete', 'ref/prompt')).toBe('prompts:read');
  expect(requiredScope('completion/complete')).toBe('prompts:read');
});

test('a scope claim is text or a list; unknown names and anything else grant nothing', () => {
  expect([...parseScopes('tools:call  tools:read openid')]).toEqual(['tools:read', 'tools:call']);
  expect([...parseScopes(['prompts:read', 7, 'tools'])]).toEqual(['prompts:read']);
  for (const claim of [undefined, null, '', 'everything', { scope: 'tools:read' }, ['']]) {
    expect(parseScopes(claim).size).toBe(0);
  }
});

test('admin implies every other scope', () => {
  expect(parseScopes('admin')).toEqual(new Set([...scopes, 'admin']));
});
