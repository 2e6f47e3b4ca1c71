/** The revisions without sessions: each request says everything about itself. Newest first. */
export const modernRevisions: readonly string[] = ['2026-07-28'];

const prefix = 'io.modelcontextprotocol/';

/** Names in `_meta` that the protocol keeps for itself. */
export const metaKeys = {
  revision: `${prefix}protocolVersion`,
  clientInfo: `${prefix}clientInfo`,
  capabilities: `${prefix}clientCapabilities`,
  logLevel: `${prefix}logLevel`,
  serverInfo: `${prefix}serverInfo`,
  subscription: `${prefix}subscriptionId`,
} as const;

/** The `_meta` of a request of the bridge itself. */
export const ownMeta = {
  [metaKeys.revision]: modernRevisions[0],
  [metaKeys.clientInfo]: { name: 'mcpd', version: '1' },
  [metaKeys.capabilities]: {},
};

export const toolsChanged = 'notifications/tools/list_changed';

/** Header names as `node:http` gives them. */
export const modernHeaders = { method: 'mcp-method', name: 'mcp-name' } as const;

/** The parameter that `Mcp-Name` repeats. */
const nameSources = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** The parameter of this method that `Mcp-Name` must repeat; undefined when there is none. */
export function nameSource(method: string): string | undefined {
  return nameSources.get(method);
}

/** Methods whose results say how long they may be kept. */
const cacheable: ReadonlySet<string> = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

export function isCacheable(method: string): boolean {
  return cacheable.has(method);
}

/** Methods of the sessions' revisions that are gone. */
const removed: ReadonlySet<string> = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'elicitation/create',
]);

export function isRemoved(method: string): boolean {
  return removed.has(method);
}

/** Requests that may end in a question to the client. */
const answerable: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

export function mayAskBack(method: string): boolean {
  return answerable.has(method);
}

/**
 * Reads a header value that may be in the Base64 form for what headers can't hold, `=?base64?…?=`;
 * undefined when that form is broken.
 */
export function decodeHeader(value: string): string | undefined {
  const encoded = /^=\?base64\?(.*)\?=$/.exec(value)?.[1];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
