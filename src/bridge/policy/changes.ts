import { fieldOf, parseJson } from '../../mcp/body.ts';
import { metaKeys } from '../../mcp/modern.ts';

/** What lists there are, as their changes are told. */
export type Kind = 'tools' | 'resources' | 'prompts';

export const kinds: readonly Kind[] = ['tools', 'resources', 'prompts'];

/** Tells a client to read a list again; `subscription` is the id of the request that asked for it, as it was written. */
export function formatListChanged(kind: Kind, subscription?: string): Buffer {
  const head = `{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"`;
  const meta = `,"params":{"_meta":{"${metaKeys.subscription}":${subscription ?? ''}}}`;
  return Buffer.from(`${head}${subscription === undefined ? '' : meta}}`);
}

/**
 * Which changes a client may be told of, by its server's answer to `initialize`: only what that declares
 * has been agreed on.
 */
export function declaredIn(result: unknown): ReadonlySet<Kind> {
  const capabilities = fieldOf(result, 'capabilities');
  return new Set(
    kinds.filter((kind) => fieldOf(fieldOf(capabilities, kind), 'listChanged') === true),
  );
}

/** The same from the text of an answer, JSON or an event stream. */
export function declaredInText(text: string): ReadonlySet<Kind> {
  const messages = [text, ...text.split(/\r\n|\n|\r/).map((line) => line.replace(/^data: ?/, ''))];
  const results = messages.map((json) => fieldOf(parseJson(Buffer.from(json)), 'result'));
  return declaredIn(results.find((result) => result !== undefined));
}

/** Whether the parameters of `subscriptions/listen` ask for it. */
export function asksFor(params: unknown, kind: Kind): boolean {
  return fieldOf(fieldOf(params, 'notifications'), `${kind}ListChanged`) === true;
}
