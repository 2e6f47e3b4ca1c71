import { fieldOf, parseJson } from '../../mcp/body.ts';
import { bytesOf, edit, findValue, membersOf, objectOf } from '../../mcp/edit.ts';
import { rpcCodes } from '../../mcp/jsonrpc.ts';
import { isCacheable, metaKeys, modernRevisions } from '../../mcp/modern.ts';
import { latestRevision } from '../../mcp/protocol.ts';

/** What a client that keeps no session says about itself in each request. */
export interface ClientFacts {
  /** JSON of its `clientCapabilities`. */
  readonly capabilities: string;
  /** JSON of its `clientInfo`, if it gave any. */
  readonly clientInfo: string | undefined;
}

export function readClientFacts(line: Buffer): ClientFacts {
  const read = (key: string): string | undefined => {
    const span = findValue(line, ['params', '_meta', key]);
    return span && bytesOf(line, span).toString('utf8');
  };
  return {
    capabilities: read(metaKeys.capabilities) ?? '{}',
    clientInfo: read(metaKeys.clientInfo),
  };
}

/** Whether the client says that it can do this. */
export function declares({ capabilities }: ClientFacts, name: string): boolean {
  return fieldOf(parseJson(Buffer.from(capabilities)), name) !== undefined;
}

/** How a server is introduced to such a client, as JSON. What the client wrote is not read: it may be too deep for that. */
export function introduction({ capabilities, clientInfo }: ClientFacts): string {
  const info = clientInfo ?? '{"name":"mcpd","version":"1"}';
  return `{"protocolVersion":"${latestRevision}","capabilities":${capabilities},"clientInfo":${info}}`;
}

export const initialized = Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}');

/** The bytes of a message's parameters; an empty object when it has none. */
export function paramsOf(line: Buffer): Buffer {
  const params = findValue(line, ['params']);
  // A copy: questions outlive the chunk that a line is a view of.
  return Buffer.from(params ? bytesOf(line, params) : '{}');
}

/** A request as a server with sessions knows it: without what only the revisions without them put in `_meta`. */
export function toLegacyRequest(line: Buffer): Buffer {
  const meta = findValue(line, ['params', '_meta']);
  if (!meta) return line;
  const reserved: ReadonlySet<string> = new Set(Object.values(metaKeys));
  const kept = (membersOf(line, meta) ?? []).filter(({ name }) => !reserved.has(name));
  const json = objectOf(kept.map(({ name, value }) => ({ name, json: bytesOf(line, value) })));
  return edit(line, [{ span: meta, json }]);
}

/** An answer with what these revisions want in it: its type, and for how long it may be kept. */
export function toModernResponse(line: Buffer, method: string): Buffer {
  const result = findValue(line, ['result']);
  if (!result) return toModernError(line);
  const names = new Set(membersOf(line, result)?.map(({ name }) => name));
  const wanted = [
    ['resultType', '"complete"'] as const,
    ...(isCacheable(method)
      ? ([
          ['ttlMs', '0'],
          ['cacheScope', '"private"'],
        ] as const)
      : []),
  ];
  const added = wanted.filter(([name]) => !names.has(name));
  if (line[result.from] !== openBrace || added.length === 0) return line;
  const json = added.map(([name, value]) => `"${name}":${value}`).join(',');
  const at = { from: result.from + 1, to: result.from + 1 };
  return edit(line, [{ span: at, json: names.size > 0 ? `${json},` : json }]);
}

const openBrace = 0x7b;

/** The code for a resource that is not there was another one. */
function toModernError(line: Buffer): Buffer {
  const code = findValue(line, ['error', 'code']);
  const isMissing = code && bytesOf(line, code).toString() === '-32002';
  return isMissing ? edit(line, [{ span: code, json: String(rpcCodes.invalidParams) }]) : line;
}

/** The answer to `server/discover`, made of what the server said when it was introduced. */
export function formatDiscovered(idText: string, introduced: Buffer): Buffer {
  const part = (name: string): Buffer | undefined => {
    const span = findValue(introduced, ['result', name]);
    return span && bytesOf(introduced, span);
  };
  const [capabilities, instructions, serverInfo] = [
    part('capabilities'),
    part('instructions'),
    part('serverInfo'),
  ];
  const result = objectOf([
    { name: 'resultType', json: '"complete"' },
    { name: 'supportedVersions', json: JSON.stringify(modernRevisions) },
    { name: 'capabilities', json: capabilities ?? '{}' },
    ...(instructions ? [{ name: 'instructions', json: instructions }] : []),
    { name: 'ttlMs', json: '0' },
    { name: 'cacheScope', json: '"private"' },
    ...(serverInfo
      ? [{ name: '_meta', json: objectOf([{ name: metaKeys.serverInfo, json: serverInfo }]) }]
      : []),
  ]);
  return formatResult(idText, result);
}

export function formatResult(idText: string, result: Buffer | string): Buffer {
  const json = typeof result === 'string' ? Buffer.from(result) : result;
  return Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":${idText},"result":`),
    json,
    Buffer.from('}'),
  ]);
}

/** The capabilities of the result of `initialize`; undefined when it was an error. */
export function readCapabilities(introduced: Buffer): unknown {
  const result = fieldOf(parseJson(introduced), 'result');
  return result === undefined ? undefined : (fieldOf(result, 'capabilities') ?? {});
}
