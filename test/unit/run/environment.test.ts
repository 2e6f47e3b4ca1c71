import { expect, test } from 'vitest';
import { variables } from '../../../src/run/environment.ts';

test('each server has a variable of its own, and the first one the default', () => {
  const servers = [
    { name: 'memory', url: 'http://127.0.0.1:2/mcp' },
    { name: 'sequential-thinking', url: 'http://127.0.0.1:1/mcp' },
  ];
  expect(variables({ user: 'ci-1', token: 't', servers, clientConfig: '/c.json' })).toEqual({
    MCPD_USER: 'ci-1',
    MCPD_URL: 'http://127.0.0.1:2/mcp',
    MCPD_TOKEN: 't',
    MCPD_CLIENT_CONFIG: '/c.json',
    MCPD_MEMORY_URL: 'http://127.0.0.1:2/mcp',
    MCPD_SEQUENTIAL_THINKING_URL: 'http://127.0.0.1:1/mcp',
  });
});
