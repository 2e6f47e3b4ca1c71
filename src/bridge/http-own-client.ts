import { fieldOf, parseJson } from '../mcp/body.ts';
import { modernHeaders, modernRevisions, ownMeta } from '../mcp/modern.ts';
import { latestRevision, mcpHeaders } from '../mcp/protocol.ts';
import type { HttpTarget } from './config.ts';
import { askHttp, endHttpSession, type HttpQuestion } from './http-ask.ts';
import { initialized } from './modern/translate.ts';
import { hasResult, patienceMs, type Ask, type WithOwnClient } from './own-client.ts';
import { initialize } from './readiness.ts';

/** A client of a server that speaks HTTP itself, in a session of its own where that has sessions. */
export function httpClient(target: HttpTarget): WithOwnClient {
  return async (use) => {
    const signal = AbortSignal.timeout(patienceMs);
    const opened = await askHttp(target, { body: initialize, signal });
    if (!hasResult(opened?.json)) return use(askerOf(target, signal, modern));
    const { json = Buffer.from('{}'), sessionId } = opened ?? {};
    const revision = fieldOf(fieldOf(parseJson(json), 'result'), 'protocolVersion');
    const headers = {
      [mcpHeaders.revision]: typeof revision === 'string' ? revision : latestRevision,
      ...(sessionId === undefined ? {} : { [mcpHeaders.session]: sessionId }),
    };
    try {
      await askHttp(target, { body: initialized, headers, signal });
      await use(askerOf(target, signal, () => ({ headers, meta: {} })));
    } finally {
      if (sessionId !== undefined) endHttpSession(target, sessionId, signal);
    }
  };
}

/** What goes with each request. */
type Extras = (method: string) => {
  readonly headers: NonNullable<HttpQuestion['headers']>;
  /** Parameters. */
  readonly meta: object;
};

const modern: Extras = (method) => ({
  headers: { [mcpHeaders.revision]: modernRevisions[0] ?? '', [modernHeaders.method]: method },
  meta: { _meta: ownMeta },
});

function askerOf(target: HttpTarget, signal: AbortSignal, extras: Extras): Ask {
  return async (method, params) => {
    const { headers, meta } = extras(method);
    const message = { jsonrpc: '2.0', id: 0, method, params: { ...params, ...meta } };
    const body = Buffer.from(JSON.stringify(message));
    const answer = await askHttp(target, { body, headers, signal });
    if (!answer?.json) throw new Error(`the MCP server did not answer ${method}`);
    return answer.json;
  };
}
