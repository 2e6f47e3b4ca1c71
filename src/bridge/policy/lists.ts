import { parseJson } from '../../mcp/body.ts';
import { cut } from '../../mcp/cut.ts';
import { bytesOf, edit, findValue, membersOf, type Edit } from '../../mcp/edit.ts';
import { scanArray, type Span } from '../../mcp/scan.ts';
import type { BridgePolicy } from '../../policy/bridge-policy.ts';
import { isRestricted } from '../../policy/exposure.ts';
import type { Shown } from './shown.ts';

/** What a policy exposes or hides. Templates are of the resources, but counted apart. */
export type Listed = 'tools' | 'resources' | 'resourceTemplates' | 'prompts';

export interface Lists {
  readonly policy: BridgePolicy;
  readonly shown: Readonly<Record<Listed, Shown>>;
}

/** What is known of the request that a list answers. */
export interface ListRequest {
  readonly cursor: string | undefined;
  /** Its answer must say for how long it may be kept. */
  readonly isModern: boolean;
}

/** The member of a result that is a list, and what names its elements. */
const nameIn = new Map<string, { readonly listed: Listed; readonly name: string }>([
  ['tools', { listed: 'tools', name: 'name' }],
  ['prompts', { listed: 'prompts', name: 'name' }],
  ['resources', { listed: 'resources', name: 'uri' }],
  ['resourceTemplates', { listed: 'resourceTemplates', name: 'uriTemplate' }],
]);

/** The methods whose answers hold such a list. */
export const listMethods: ReadonlySet<string> = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

function exposureOf(policy: BridgePolicy, listed: Listed): BridgePolicy['tools'] {
  return policy[listed === 'resourceTemplates' ? 'resources' : listed];
}

/** A response without what its client may not see. All that stays keeps its bytes; a page may get shorter. */
export function withoutHidden(line: Buffer, request: ListRequest, lists: Lists): Buffer {
  const result = findValue(line, ['result']);
  const members = (result && membersOf(line, result)) ?? [];
  const edits = members.flatMap(({ name, value }) => {
    const kind = nameIn.get(name);
    if (!kind || !isRestricted(exposureOf(lists.policy, kind.listed))) return [];
    const next = stringAt(line, members.findLast((one) => one.name === 'nextCursor')?.value);
    return hide(line, value, { ...kind, ...request, next, lists });
  });
  const isFiltered = members.some(({ name }) => {
    const kind = nameIn.get(name);
    return kind && isRestricted(exposureOf(lists.policy, kind.listed));
  });
  if (!result || !isFiltered) return line;
  return edit(line, [...edits, ...keepPrivate(members, request.isModern)]);
}

interface Hiding extends ListRequest {
  readonly listed: Listed;
  readonly name: string;
  readonly next: string | undefined;
  readonly lists: Lists;
}

function hide(line: Buffer, list: Span, { listed, name, cursor, next, lists }: Hiding): Edit[] {
  const elements = (scanArray(bytesOf(line, list)) ?? []).map(({ from, to }) => ({
    from: from + list.from,
    to: to + list.from,
  }));
  // What has no name is hidden: nobody could say that it is allowed.
  const named = elements.map((element) => {
    const members = membersOf(line, element);
    return stringAt(line, members?.findLast((one) => one.name === name)?.value);
  });
  const exposure = exposureOf(lists.policy, listed);
  const names = named.filter((one) => one !== undefined);
  const shown = lists.shown[listed].show(exposure, { names, cursor, next });
  let at = 0;
  const isKept = named.map((one) => one !== undefined && shown[at++] === true);
  return cut(elements, (index) => isKept[index] === true);
}

/** What one user may see is nobody else's, and another policy may hold at any moment. */
function keepPrivate(
  members: readonly { readonly name: string; readonly key: Span; readonly value: Span }[],
  isModern: boolean,
): Edit[] {
  const wanted = [
    ['ttlMs', '0'],
    ['cacheScope', '"private"'],
  ] as const;
  const first = members[0]?.key.from ?? 0;
  return wanted.flatMap(([name, json]) => {
    const there = members.filter((one) => one.name === name);
    if (there.length > 0) return there.map(({ value }) => ({ span: value, json }));
    return isModern ? { span: { from: first, to: first }, json: `"${name}":${json},` } : [];
  });
}

function stringAt(line: Buffer, span: Span | undefined): string | undefined {
  const value = span && parseJson(bytesOf(line, span));
  return typeof value === 'string' ? value : undefined;
}
