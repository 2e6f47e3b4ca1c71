import { fieldOf, type ClientMessage } from '../../mcp/body.ts';
import { findValue, membersOf } from '../../mcp/edit.ts';
import { rpcCodes, type RpcFailure } from '../../mcp/jsonrpc.ts';
import type { BridgePolicy } from '../../policy/bridge-policy.ts';
import { isAllowed, isRestricted, matches, patternOf } from '../../policy/exposure.ts';
import { kinds, type Kind } from './changes.ts';
import type { Lists } from './lists.ts';

/** A tool, resource or prompt that a message uses. */
interface Use {
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: unknown;
}

const longestName = 200;

/**
 * Why a message can't be passed on: it uses what is hidden from its client. The answer is the one that a
 * server gives to a name that it doesn't know. Undefined when nothing is against it.
 */
export function findUnavailable(
  message: ClientMessage,
  lists: Lists,
  isModern: boolean,
): RpcFailure | undefined {
  const { policy } = lists;
  if (kinds.every((kind) => !isRestricted(policy[kind]))) return undefined;
  const uses = usesOf(message).filter(({ kind }) => isRestricted(policy[exposureName[kind]]));
  if (uses.length === 0) return undefined;
  const hidden = hasTwins(message.line) ? uses[0] : uses.find((use) => !isAvailable(use, lists));
  if (!hidden) return undefined;
  const { kind, name } = hidden;
  const code =
    kind === 'resource' && !isModern ? rpcCodes.resourceNotFound : rpcCodes.invalidParams;
  return { code, message: `${kind} ${shorten(name)} is not available` };
}

/** Of what kind messages use names that could be among the first so many, but were never listed. */
export function findUnlisted(messages: readonly ClientMessage[], lists: Lists): Kind[] {
  const { policy } = lists;
  if (kinds.every((kind) => policy[kind].most === null)) return [];
  const unlisted = messages.flatMap(usesOf).flatMap((use) => {
    const kind = exposureName[use.kind];
    const mayBe = typeof use.name === 'string' && isAllowed(policy[kind], use.name);
    return mayBe && policy[kind].most !== null && !isAvailable(use, lists) ? kind : [];
  });
  return [...new Set(unlisted)];
}

const exposureName = { tool: 'tools', resource: 'resources', prompt: 'prompts' } as const;

function usesOf({ envelope, params }: ClientMessage): Use[] {
  switch (envelope.kind === 'response' ? '' : envelope.method) {
    case 'tools/call':
      return [{ kind: 'tool', name: fieldOf(params, 'name') }];
    case 'prompts/get':
      return [{ kind: 'prompt', name: fieldOf(params, 'name') }];
    case 'resources/read':
    case 'resources/subscribe':
      return [{ kind: 'resource', name: fieldOf(params, 'uri') }];
    case 'completion/complete':
      return [completed(fieldOf(params, 'ref'))];
    case 'subscriptions/listen': {
      const uris = fieldOf(fieldOf(params, 'notifications'), 'resourceSubscriptions');
      return Array.isArray(uris) ? uris.map((name: unknown) => ({ kind: 'resource', name })) : [];
    }
    default:
      return [];
  }
}

function completed(ref: unknown): Use {
  return fieldOf(ref, 'type') === 'ref/resource'
    ? { kind: 'resource', name: fieldOf(ref, 'uri') }
    : { kind: 'prompt', name: fieldOf(ref, 'name') };
}

/** What is no name is none that is available: a server might still read one in it. */
function isAvailable({ kind, name }: Use, { policy, shown }: Lists): boolean {
  if (typeof name !== 'string') return false;
  if (kind !== 'resource') {
    const listed = exposureName[kind];
    return shown[listed].isAvailable(policy[listed], name);
  }
  return isReadable(name, { policy, shown });
}

/** A URI that is listed, or that a template makes that is. */
function isReadable(uri: string, { policy, shown }: Lists): boolean {
  const { resources } = policy satisfies BridgePolicy;
  if (shown.resources.isAvailable(resources, uri)) return true;
  if (resources.most === null || !isAllowed(resources, uri)) return false;
  return shown.resourceTemplates.some(
    (template) => template === uri || matches(patternOf(template), uri),
  );
}

/** Two members that some parser takes for one, so that a check of one would not hold for the other. */
function hasTwins(line: Buffer): boolean {
  return [['params'], ['params', 'ref'], ['params', 'notifications']].some((path) => {
    const span = findValue(line, path);
    const names = span && membersOf(line, span)?.map(({ name }) => name.toUpperCase());
    return names !== undefined && new Set(names).size < names.length;
  });
}

function shorten(name: unknown): string {
  const text = typeof name === 'string' ? name : 'without a name';
  return text.length > longestName ? `${text.slice(0, longestName)}…` : text;
}
