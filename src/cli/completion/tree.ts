import type { Command } from '@oclif/core/command';
import { publicCommands } from '../public-commands.ts';

/** What a shell needs to know of one command, or of a topic, which has only subcommands. */
export interface Node {
  /** `user add`; '' for the program itself. */
  readonly path: string;
  readonly subcommands: readonly { readonly name: string; readonly summary: string }[];
  readonly flags: readonly Flag[];
  /** What its arguments name. */
  readonly names: NameKind | undefined;
}

export interface Flag {
  readonly name: string;
  readonly char: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly options: readonly string[];
}

export const nameKinds = ['users', 'groups', 'servers', 'templates', 'settings'] as const;
export type NameKind = (typeof nameKinds)[number];

interface Topic {
  readonly name: string;
  readonly description?: string | undefined;
}

/** The commands as a tree, from oclif's manifest. Hidden ones and aliases are left out. */
export function commandTree(
  commands: readonly Command.Loadable[],
  topics: readonly Topic[],
): readonly Node[] {
  const shown = publicCommands(commands);
  const groups = topics.filter(({ name }) => shown.some(({ id }) => id.startsWith(`${name}:`)));
  const topicNodes = groups.map(({ name }) => ({
    path: name,
    subcommands: shown
      .filter(({ id }) => id.startsWith(`${name}:`))
      .map((command) => ({ name: lastWord(command.id), summary: summaryOf(command) })),
    flags: [],
    names: undefined,
  }));
  const root = {
    path: '',
    subcommands: [
      ...groups.map(({ name, description = '' }) => ({ name, summary: description })),
      ...shown
        .filter(({ id }) => !id.includes(':'))
        .map((command) => ({ name: command.id, summary: summaryOf(command) })),
    ].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    flags: [],
    names: undefined,
  };
  return [root, ...topicNodes, ...shown.map(commandNode)];
}

function commandNode(command: Command.Loadable): Node {
  return {
    path: command.id.replaceAll(':', ' '),
    subcommands: [],
    flags: Object.values(command.flags)
      .filter(({ hidden }) => !hidden)
      .map((flag) => ({
        name: flag.name,
        char: flag.char,
        summary: oneLine(flag.summary ?? flag.description ?? ''),
        takesValue: flag.type === 'option',
        options: 'options' in flag ? (flag.options ?? []) : [],
      })),
    names: namesOf(command),
  };
}

const kinds = new Map<string, NameKind>([
  ['user', 'users'],
  ['group', 'groups'],
  ['server', 'servers'],
  ['target', 'servers'],
  ['template', 'templates'],
  ['key', 'settings'],
]);

/** By the first argument's name; `user add` and `group create` take one that doesn't exist yet. */
function namesOf({ id, args }: Command.Loadable): NameKind | undefined {
  const [first] = Object.keys(args);
  if (id === 'user:add' || id === 'group:create') return undefined;
  if (id === 'server:add') return 'users';
  if (first === 'name' && id.startsWith('user:')) return 'users';
  if (first === 'name' && id.startsWith('group:')) return 'groups';
  return first === undefined ? undefined : kinds.get(first);
}

function summaryOf({ summary, description }: Command.Loadable): string {
  return oneLine(summary ?? description ?? '');
}

function oneLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function lastWord(id: string): string {
  return id.split(':').at(-1) ?? id;
}
