// What docker, kubectl and gh call it.
const verbs = new Map([
  ['create', 'add'],
  ['new', 'add'],
  ['delete', 'remove'],
  ['destroy', 'remove'],
  ['ps', 'list'],
  ['get', 'show'],
  ['inspect', 'show'],
  ['describe', 'show'],
  ['view', 'show'],
  ['edit', 'update'],
  ['set', 'update'],
  ['mv', 'rename'],
  ['cp', 'copy'],
]);

const programs = new Map([
  ['ps', ['status']],
  ['ls', ['user list', 'server list']],
  ['list', ['user list', 'server list']],
  ['get', ['user list', 'server list']],
  ['inspect', ['user show', 'server show']],
  ['describe', ['user show', 'server show']],
  ['show', ['user show', 'server show']],
  ['top', ['stats']],
  ['add', ['user add']],
  ['create', ['user add']],
  ['rm', ['user remove']],
  ['remove', ['user remove']],
  ['delete', ['user remove']],
  ['update', ['user update']],
  ['kill', ['stop']],
  ['health', ['status --probe', 'doctor']],
  ['diff', ['plan']],
  ['prune', ['gc', 'image prune']],
  ['events', ['audit --control']],
  ['info', ['doctor']],
  ['version', ['--version']],
]);

/** What someone may mean who types it as in another program; `commands` are those there are. */
export function otherWords(
  [first = '', second = '']: readonly string[],
  commands: readonly string[],
): readonly string[] {
  const command = `${first} ${verbs.get(second) ?? ''}`;
  if (commands.includes(command)) return [command];
  return isTopic(first, commands) ? [] : (programs.get(first) ?? []);
}

/** The command as its argument would have to be given: `apply` takes its document by a flag alone. */
export function asFlag(command: string, [value, ...others]: readonly string[]): string[] {
  const isDocument = command === 'apply' && value !== undefined && others.length === 0;
  return isDocument ? [`mcpd apply -f ${value}`] : [];
}

/** Whether commands begin with it and a space. */
export function isTopic(word: string, commands: readonly string[]): boolean {
  return commands.some((command) => command.startsWith(`${word} `));
}
