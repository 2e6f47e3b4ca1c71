import type { ClientMessage } from '../../mcp/body.ts';
import { cut } from '../../mcp/cut.ts';
import { edit, findValue, membersOf, type Edit } from '../../mcp/edit.ts';
import type { Span } from '../../mcp/scan.ts';

/** Who asks, as a server that knows users gets to hear it. Never a credential. */
export interface UserContext {
  readonly user: string;
  readonly userId: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly requestId: string;
}

const name = 'mcpd/userContext';

const backslash = 0x5c;

/**
 * A client's message without what it says itself of its user, and with `context` in its place where there
 * is one. Every other byte stays.
 */
export function withUserContext(
  message: ClientMessage,
  context: UserContext | undefined,
): ClientMessage {
  const { line, params, envelope } = message;
  const given = envelope.kind === 'request' ? context : undefined;
  // Only with an escape can the name stand there otherwise.
  const isTraced = line.includes(backslash) || line.includes('userContext');
  if (!given && !isTraced) return message;
  if (params === undefined) return given ? { ...message, line: addParams(line, given) } : message;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return message;
  const at = findValue(line, ['params']);
  const members = (at && membersOf(line, at)) ?? [];
  // `_META` too: some languages take it for the same.
  const metas = members.filter((one) => one.name.toLowerCase() === '_meta');
  const edits = metas.flatMap(({ value }) => replaceIn(line, value, given));
  if (given && at && !metas.some((one) => one.name === '_meta')) {
    edits.push(insert(at.from + 1, `"_meta":${wrap(given)}`, members.length > 0));
  }
  return edits.length > 0 ? { ...message, line: edit(line, edits) } : message;
}

/** The same for servers that speak HTTP; only its ids for one that does not ask who its users are. */
export function contextHeaders(context: UserContext, isTold: boolean): Record<string, string> {
  const ids = {
    'X-MCPD-User-Id': toHeader(context.userId),
    'X-MCPD-Request-Id': context.requestId,
  };
  if (!isTold) return ids;
  return {
    ...ids,
    'X-MCPD-User': toHeader(context.user),
    'X-MCPD-Groups': context.groups.map(toHeader).join(','),
    'X-MCPD-Scopes': context.scopes.map(toHeader).join(' '),
  };
}

function replaceIn(line: Buffer, meta: Span, given: UserContext | undefined): Edit[] {
  const members = membersOf(line, meta);
  if (!members) return [];
  const kept = members.filter((one) => one.name !== name);
  const whole = members.map(({ key, value }) => ({ from: key.from, to: value.to }));
  const edits = cut(whole, (index) => members[index]?.name !== name);
  const json = given && `${JSON.stringify(name)}:${JSON.stringify(given)}`;
  // Before a cut that begins at the same place.
  return json === undefined ? edits : [insert(meta.from + 1, json, kept.length > 0), ...edits];
}

function addParams(line: Buffer, given: UserContext): Buffer {
  return edit(line, [insert(line.indexOf('{') + 1, `"params":{"_meta":${wrap(given)}}`, true)]);
}

function wrap(context: UserContext): string {
  return JSON.stringify({ [name]: context });
}

function insert(at: number, json: string, isBeforeOthers: boolean): Edit {
  return { span: { from: at, to: at }, json: isBeforeOthers ? `${json},` : json };
}

/** Printable ASCII without what separates one name from the next; the rest as in a URL. */
function toHeader(text: string): string {
  return text.replaceAll(/[^\x21-\x2b\x2d-\x7e]/gu, (character) =>
    encodeURIComponent(character.toWellFormed()),
  );
}
