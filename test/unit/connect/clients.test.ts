import { describe, expect, test } from 'vitest';
import { renderBlock } from '../../../src/connect/block.ts';
import { clients, type Address, type ClientName } from '../../../src/connect/clients.ts';

const address: Address = {
  name: 'bob-memory',
  url: 'http://127.0.0.1:20000/mcp',
  authorization: 'Bearer t',
};

describe('each client keeps its settings', () => {
  const linux = { home: '/home/bob', platform: 'linux' as const, env: {} };
  const mac = { home: '/Users/bob', platform: 'darwin' as const, env: {} };

  test.each<[ClientName, string, string]>([
    ['claude-code', '/home/bob/.claude.json', '/Users/bob/.claude.json'],
    [
      'claude-desktop',
      '/home/bob/.config/Claude/claude_desktop_config.json',
      '/Users/bob/Library/Application Support/Claude/claude_desktop_config.json',
    ],
    [
      'vscode',
      '/home/bob/.config/Code/User/mcp.json',
      '/Users/bob/Library/Application Support/Code/User/mcp.json',
    ],
    ['cursor', '/home/bob/.cursor/mcp.json', '/Users/bob/.cursor/mcp.json'],
    ['codex', '/home/bob/.codex/config.toml', '/Users/bob/.codex/config.toml'],
    ['gemini', '/home/bob/.gemini/settings.json', '/Users/bob/.gemini/settings.json'],
  ])('%s', (name, onLinux, onMac) => {
    expect(clients[name].file(linux)).toBe(onLinux);
    expect(clients[name].file(mac)).toBe(onMac);
  });

  test('where its own variable says', () => {
    const env = { CODEX_HOME: '/c', CLAUDE_CONFIG_DIR: '/d', XDG_CONFIG_HOME: '/e' };
    expect(clients.codex.file({ ...linux, env })).toBe('/c/config.toml');
    expect(clients['claude-code'].file({ ...linux, env })).toBe('/d/.claude.json');
    expect(clients.vscode.file({ ...linux, env })).toBe('/e/Code/User/mcp.json');
  });
});

test('the blocks are what the clients document', () => {
  const blocks = Object.values(clients).map((client) => renderBlock(client, [address]));
  expect(blocks.join('\n\n')).toMatchInlineSnapshot(`
    "{
      "mcpServers": {
        "bob-memory": {
          "type": "http",
          "url": "http://127.0.0.1:20000/mcp",
          "headers": {
            "Authorization": "Bearer t"
          }
        }
      }
    }

    {
      "mcpServers": {
        "bob-memory": {
          "command": "npx",
          "args": [
            "-y",
            "mcp-remote",
            "http://127.0.0.1:20000/mcp",
            "--header",
            "Authorization:\${AUTH_HEADER}"
          ],
          "env": {
            "AUTH_HEADER": "Bearer t"
          }
        }
      }
    }

    {
      "servers": {
        "bob-memory": {
          "type": "http",
          "url": "http://127.0.0.1:20000/mcp",
          "headers": {
            "Authorization": "Bearer t"
          }
        }
      }
    }

    {
      "mcpServers": {
        "bob-memory": {
          "url": "http://127.0.0.1:20000/mcp",
          "headers": {
            "Authorization": "Bearer t"
          }
        }
      }
    }

    [mcp_servers.bob-memory]
    url = "http://127.0.0.1:20000/mcp"
    http_headers = { Authorization = "Bearer t" }

    {
      "mcpServers": {
        "bob-memory": {
          "httpUrl": "http://127.0.0.1:20000/mcp",
          "headers": {
            "Authorization": "Bearer t"
          }
        }
      }
    }"
  `);
});

test('over plain HTTP to another machine, mcp-remote is told that it is meant so', () => {
  const argsFor = (url: string) => clients['claude-desktop'].entry({ ...address, url })['args'];
  expect(argsFor('http://box.lan:20000/mcp')).toContain('--allow-http');
  expect(argsFor('https://box.lan/mcp')).not.toContain('--allow-http');
  expect(argsFor('http://localhost:20000/mcp')).not.toContain('--allow-http');
});

test('no argument of a program holds the token, since arguments are for all to see', () => {
  const { args } = clients['claude-desktop'].entry({ ...address, authorization: 'Bearer secret' });
  expect(JSON.stringify(args)).not.toContain('secret');
});
