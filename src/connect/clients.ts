import { join } from 'node:path';
import { xdgFolder } from '../host/account-folder.ts';

/** The environment that decides where clients keep their settings. */
export interface Desktop {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
}

/** One server as a client has to be told of it. */
export interface Address {
  /** Name of the entry: `bob-filesystem`. */
  readonly name: string;
  readonly url: string;
  /** `Bearer …` */
  readonly authorization: string;
}

type Scalar = string | number | boolean;
export type Entry = { readonly [key: string]: Scalar | readonly string[] | Entry };

/** A program that speaks MCP: where its settings are, and what an entry looks like there. */
export interface Client {
  readonly title: string;
  readonly format: 'json' | 'toml';
  /** Key that holds the servers. */
  readonly root: string;
  file(desktop: Desktop): string;
  entry(address: Address): Entry;
}

export const clientNames = [
  'claude-code',
  'claude-desktop',
  'vscode',
  'cursor',
  'codex',
  'gemini',
] as const;

export type ClientName = (typeof clientNames)[number];

export const clients: { readonly [Name in ClientName]: Client } = {
  'claude-code': {
    title: 'Claude Code',
    format: 'json',
    root: 'mcpServers',
    file: ({ home, env }) => join(env['CLAUDE_CONFIG_DIR'] || home, '.claude.json'),
    entry: ({ url, authorization }) => ({
      type: 'http',
      url,
      headers: { Authorization: authorization },
    }),
  },
  'claude-desktop': {
    title: 'Claude Desktop',
    format: 'json',
    root: 'mcpServers',
    file: (desktop) => join(settingsFolder(desktop), 'Claude', 'claude_desktop_config.json'),
    entry: ({ url, authorization }) => ({
      // Its file knows programs only. The header goes through the environment, since what has a space
      // in it doesn't survive on every platform as an argument, and no argument shows the token.
      command: 'npx',
      args: ['-y', 'mcp-remote', url, ...insecure(url), '--header', 'Authorization:${AUTH_HEADER}'],
      env: { AUTH_HEADER: authorization },
    }),
  },
  vscode: {
    title: 'VS Code',
    format: 'json',
    root: 'servers',
    file: (desktop) => join(settingsFolder(desktop), 'Code', 'User', 'mcp.json'),
    entry: ({ url, authorization }) => ({
      type: 'http',
      url,
      headers: { Authorization: authorization },
    }),
  },
  cursor: {
    title: 'Cursor',
    format: 'json',
    root: 'mcpServers',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    entry: ({ url, authorization }) => ({ url, headers: { Authorization: authorization } }),
  },
  codex: {
    title: 'Codex',
    format: 'toml',
    root: 'mcp_servers',
    file: ({ home, env }) => join(env['CODEX_HOME'] || join(home, '.codex'), 'config.toml'),
    entry: ({ url, authorization }) => ({ url, http_headers: { Authorization: authorization } }),
  },
  gemini: {
    title: 'Gemini CLI',
    format: 'json',
    root: 'mcpServers',
    file: ({ home }) => join(home, '.gemini', 'settings.json'),
    entry: ({ url, authorization }) => ({
      httpUrl: url,
      headers: { Authorization: authorization },
    }),
  },
};

function settingsFolder({ home, platform, env }: Desktop): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['APPDATA'] || join(home, 'AppData', 'Roaming');
  return xdgFolder(env, 'XDG_CONFIG_HOME') ?? join(home, '.config');
}

/** mcp-remote wants it said when a token goes over plain HTTP to another machine. */
function insecure(url: string): string[] {
  const { protocol, hostname } = new URL(url);
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1';
  return protocol === 'http:' && !isLocal ? ['--allow-http'] : [];
}
