import type { Command } from '@oclif/core/command';
import { publicCommands } from '../src/cli/public-commands.ts';

type Commands = ReadonlyMap<string, Command.Cached>;

/** The README's index: one line per command. */
export function commandIndex(commands: Commands): string {
  const rows = publicCommands([...commands.values()]).map(
    (command) => `| \`${usageOf(command)}\` | ${command.summary ?? ''} |`,
  );
  return ['| command | what it does |', '| --- | --- |', ...rows].join('\n');
}

/** Every command with its arguments, flags and aliases, for a snapshot that shows what a change breaks. */
export function commandTree(commands: Commands): string {
  return [...commands.values()].map(describe).join('\n');
}

function describe(command: Command.Cached): string {
  const flags = Object.values(command.flags)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => `  ${[`--${flag.name}`, ...flagDetails(flag)].join(' ')}`);
  const aliases = [...command.aliases, ...command.hiddenAliases].map(
    (id) => `  alias ${id.replaceAll(':', ' ')}`,
  );
  return [usageOf(command), ...aliases, ...flags, ''].join('\n');
}

function flagDetails(flag: Command.Flag.Cached): string[] {
  const options = 'options' in flag && flag.options ? [`{${flag.options.join('|')}}`] : [];
  return [
    ...(flag.char ? [`-${flag.char}`] : []),
    ...(flag.type === 'option' ? ['VALUE'] : []),
    ...options,
    ...('multiple' in flag && flag.multiple ? ['multiple'] : []),
    ...(flag.required ? ['required'] : []),
    ...(flag.hidden ? ['hidden'] : []),
    ...(flag.aliases ?? []).map((alias) => `--${alias}`),
  ];
}

function usageOf({ id, args, strict }: Command.Cached): string {
  const names = Object.values(args)
    .filter(({ hidden }) => !hidden)
    .map(({ name, required, multiple }, index, { length }) => {
      const isMany = multiple || (strict === false && index === length - 1);
      const word = isMany ? `${name.toUpperCase()}...` : name.toUpperCase();
      return required ? word : `[${word}]`;
    });
  return [id.replaceAll(':', ' '), ...names].join(' ');
}
