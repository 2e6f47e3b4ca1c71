import type { Command } from '@oclif/core/command';

/** Each command once: without aliases, which oclif lists as commands, and without hidden ones. */
export function publicCommands<Listed extends Command.Loadable | Command.Cached>(
  commands: readonly Listed[],
): Listed[] {
  return commands.filter(
    ({ id, hidden, aliases, hiddenAliases }) =>
      !hidden && !aliases.includes(id) && !hiddenAliases.includes(id),
  );
}
