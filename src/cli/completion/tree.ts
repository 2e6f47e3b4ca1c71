import type { Command } from '@oclif/core/command';
import { publicCommands } from '../public-commands.ts';

/** What a shell needs to know of a command or a topic; some are both. */
export interface Node {
  /** `user add`; '' for the program itself. */
  readonly path: string;
  /** Subcommands, or what its argument can be. */
  readonly words: readonly Word[];
  readonly flags: readonly Flag[];
  /** What its first argument names. */
  readonly names: NameKind | undefined;
  /** What all others name. */
  readonly more: NameKind | undefined;
}

interface Word {
  readonly name: string;
  readonly summary: string;
}

export interface Flag {
  readonly name: string;
  readonly char: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly options: readonly string[];
  /** What its value names. */
  readonly names: NameKind | undefined;
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
  const below = (path: string) =>
    shown
      .filter(({ id }) => id.startsWith(`${path}:`))
      .map((command) => ({ name: lastWord(command.id), summary: summaryOf(command) }));
  const isCommand = new Set(shown.map(({ id }) => id));
  const groups = topics.filter(({ name }) => below(name).length > 0 && !isCommand.has(name));
  const root = [
    ...groups.map(({ name, description = '' }) => ({ name, summary: description })),
    ...shown
      .filter(({ id }) => !id.includes(':'))
      .map((command) => ({ name: command.id, summary: summaryOf(command) })),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    { ...nothing, path: '', words: root },
    ...groups.map(({ name }) => ({ ...nothing, path: name, words: below(name) })),
    ...shown.map((command) => commandNode(command, below(command.id))),
  ];
}

const nothing = { flags: [], names: undefined, more: undefined };

function commandNode(command: Command.Loadable, below: readonly Word[]): Node {
  const { id, args, flags } = command;
  const choices = Object.values(args)[0]?.options ?? [];
  return {
    path: id.replaceAll(':', ' '),
    words: [...below, ...choices.map((name) => ({ name, summary: '' }))],
    flags: Object.values(flags)
      .filter(({ hidden }) => !hidden)
      .map((flag) => flagOf(id, flag)),
    names: namesOf(command),
    more: moreOf(command),
  };
}

/** One that can be turned off is on unless it is: only that is worth typing. */
function flagOf(id: string, flag: Command.Flag.Cached): Flag {
  const summary = oneLine(flag.summary ?? flag.description ?? '');
  const common = { name: flag.name, char: flag.char, summary };
  if (flag.type === 'option') {
    const { options = [] } = flag;
    return { ...common, takesValue: true, options, names: kindOfFlag(id, flag.name) };
  }
  const plain = { ...common, takesValue: false, options: [], names: undefined };
  if (!flag.allowNo) return plain;
  return { ...plain, name: `no-${flag.name}`, char: undefined, summary: `Not: ${summary}` };
}

/** How a flag can be typed. */
export function spellings({ name, char }: Flag): string[] {
  return char ? [`--${name}`, `-${char}`] : [`--${name}`];
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

/** By the last argument's name, of those that take any number. */
function moreOf({ args, strict }: Command.Loadable): NameKind | undefined {
  const last = Object.values(args).at(-1);
  const isMany = last?.multiple === true || strict === false;
  return isMany ? kinds.get(last?.name ?? '') : undefined;
}

/** `--server` of whoever is there already names one of theirs alone, which no list has. */
function kindOfFlag(id: string, name: string): NameKind | undefined {
  if (name === 'server') return id === 'user:add' || id === 'run' ? 'templates' : undefined;
  if (id === 'restore') return undefined;
  return name === 'user' || name === 'group' || name === 'template' ? kinds.get(name) : undefined;
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
