import { fieldOf, parseJson } from '../../mcp/body.ts';
import { bytesOf, findValue, membersOf, objectOf } from '../../mcp/edit.ts';
import { metaKeys } from '../../mcp/modern.ts';
import { formatListChanged, type Kind } from '../policy/changes.ts';
import type { Reply } from '../reply.ts';
import type { Incoming } from './incoming.ts';
import { formatResult } from './translate.ts';

interface Subscription {
  readonly idText: string;
  readonly isWanted: (method: string, uri: unknown) => boolean;
}

/** The names of the kinds of news in a subscription, and what a server must be able to do to give them. */
const kinds = [
  ['toolsListChanged', 'tools', 'listChanged', 'notifications/tools/list_changed'],
  ['promptsListChanged', 'prompts', 'listChanged', 'notifications/prompts/list_changed'],
  ['resourcesListChanged', 'resources', 'listChanged', 'notifications/resources/list_changed'],
] as const;

/** The subscriptions that the bridge itself serves, from what a server with sessions says unasked. */
export class Subscriptions {
  readonly #open = new Map<Reply, Subscription>();

  get size(): number {
    return this.#open.size;
  }

  /** Opens a stream; gives the resources to hear of. `capabilities` are the server's. */
  open({ idText, params, reply }: Incoming, capabilities: unknown): readonly string[] {
    const filter = fieldOf(params, 'notifications');
    const news = kinds.filter(
      ([name, area, ability]) =>
        fieldOf(filter, name) === true && fieldOf(fieldOf(capabilities, area), ability) === true,
    );
    const mayHear = fieldOf(fieldOf(capabilities, 'resources'), 'subscribe') === true;
    const asked = fieldOf(filter, 'resourceSubscriptions');
    const uris = (mayHear && Array.isArray(asked) ? asked : []).filter(
      (uri): uri is string => typeof uri === 'string',
    );
    const honoured = {
      ...Object.fromEntries(news.map(([name]) => [name, true])),
      ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
    };
    reply.sendRelated(formatAcknowledged(idText, honoured));
    if (news.length === 0 && uris.length === 0) {
      reply.sendResponse(formatEnd(idText));
      return [];
    }
    const methods = new Set<string>(news.map(([, , , method]) => method));
    this.#open.set(reply, {
      idText,
      isWanted: (method, uri) =>
        methods.has(method) ||
        (method === 'notifications/resources/updated' &&
          typeof uri === 'string' &&
          uris.includes(uri)),
    });
    return uris;
  }

  close(reply: Reply): void {
    this.#open.delete(reply);
  }

  /** Passes news on to who wants them. */
  publish(method: string, line: Buffer): void {
    const uri = fieldOf(fieldOf(parseJson(line), 'params'), 'uri');
    for (const [reply, { idText, isWanted }] of this.#open) {
      if (isWanted(method, uri)) reply.sendRelated(stamp(line, method, idText));
    }
  }

  /** A list has changed for these clients. */
  announce(kind: Kind): void {
    this.publish(`notifications/${kind}/list_changed`, formatListChanged(kind));
  }

  /** Ends every stream the regular way. */
  end(): void {
    for (const [reply, { idText }] of this.#open) reply.sendResponse(formatEnd(idText));
    this.#open.clear();
  }
}

/** The same news, naming its subscription. */
function stamp(line: Buffer, method: string, idText: string): Buffer {
  const params = findValue(line, ['params']);
  const members = (params && membersOf(line, params)) ?? [];
  const kept = members.map(({ name, value }) => ({ name, json: bytesOf(line, value) }));
  const others = kept.filter(({ name }) => name !== '_meta');
  return Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":`),
    objectOf([...others, { name: '_meta', json: metaOf(idText) }]),
    Buffer.from('}'),
  ]);
}

function formatAcknowledged(idText: string, notifications: object): Buffer {
  const params = objectOf([
    { name: '_meta', json: metaOf(idText) },
    { name: 'notifications', json: JSON.stringify(notifications) },
  ]);
  const head = '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":';
  return Buffer.concat([Buffer.from(head), params, Buffer.from('}')]);
}

function formatEnd(idText: string): Buffer {
  const result = objectOf([
    { name: 'resultType', json: '"complete"' },
    { name: '_meta', json: metaOf(idText) },
  ]);
  return formatResult(idText, result);
}

function metaOf(idText: string): Buffer {
  return objectOf([{ name: metaKeys.subscription, json: idText }]);
}
