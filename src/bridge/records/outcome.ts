import { bytesOf, findValue } from '../../mcp/edit.ts';
import { rpcCodes } from '../../mcp/jsonrpc.ts';
import type { AuditLine } from '../../records/audit-line.ts';

type Result = Pick<AuditLine, 'outcome' | 'code'>;

const ok: Result = { outcome: 'ok', code: null };
const refusals = new Set<number>([rpcCodes.refused, rpcCodes.busy]);

/** How a request ended, by its response. Most are read no further than a search for one word takes. */
export function outcomeOf(response: Buffer): Result {
  // Both names that tell of an error end so.
  if (!response.includes('rror"')) return ok;
  if (response.includes('"error"')) {
    const span = findValue(response, ['error', 'code']);
    if (span) return failed(response, Number(bytesOf(response, span).toString()));
  }
  if (!response.includes('"isError"')) return ok;
  const span = findValue(response, ['result', 'isError']);
  const isError = span !== undefined && bytesOf(response, span).toString() === 'true';
  return isError ? { outcome: 'error', code: 'isError' } : ok;
}

function failed(response: Buffer, given: number): Result {
  const code = Number.isFinite(given) ? given : rpcCodes.internal;
  if (code === rpcCodes.cancelled) return { outcome: 'cancelled', code };
  if (refusals.has(code)) return { outcome: 'refused', code };
  // So the bridge tells of a server's end.
  const isEnd =
    code === rpcCodes.serverFailed && findValue(response, ['error', 'data', 'kind']) !== undefined;
  return { outcome: isEnd ? 'lost' : 'error', code };
}
