import { spellings, type NameKind, type Node } from './tree.ts';

/** A fish script; names come from `mcpd complete`. */
export function fishScript(tree: readonly Node[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `# fish completion for mcpd: mcpd completion fish | source
function __mcpd_at
  set -l path ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$path $word")
    contains -- $next ${paths.join(' ')}; or break
    set path $next
  end
  test "$path" = "$argv[1]"
end
# Whether arguments were given behind a command, whose flags with a value are the other words.
function __mcpd_given
  set -l skip (math 1 + (count (string split ' ' -- $argv[1])))
  set -l isvalue 0
  for word in (commandline -opc)
    if test $skip -gt 0
      set skip (math $skip - 1)
    else if test $isvalue -eq 1
      set isvalue 0
    else if contains -- $word $argv[2..]
      set isvalue 1
    else if not string match -q -- '-*' $word
      return 0
    end
  end
  return 1
end
complete -c mcpd -f
${tree.flatMap(lines).join('\n')}
`;
}

function lines({ path, words, flags, names, more }: Node): string[] {
  const at = `__mcpd_at ${quote(path)}`;
  const valued = flags.filter(({ takesValue }) => takesValue).flatMap(spellings);
  const given = ['__mcpd_given', quote(path), ...valued].join(' ');
  const here = when(at);
  // A topic's words are commands, and come first too.
  const first = path === '' ? here : when(`${at}; and not ${given}`);
  return [
    ...words.map(({ name, summary }) => `${first} -a ${name} -d ${quote(summary)}`),
    ...flags.map(({ name, char, summary, takesValue, options, names: kind }) =>
      [
        here,
        `-l ${name}`,
        ...(char ? [`-s ${char}`] : []),
        ...(takesValue ? ['-r'] : []),
        ...(options.length > 0 ? [`-f -a ${quote(options.join(' '))}`] : []),
        ...(kind ? [`-f -a ${existing(kind)}`] : []),
        `-d ${quote(summary)}`,
      ].join(' '),
    ),
    ...(names ? [`${first} -a ${existing(names)}`] : []),
    ...(more ? [`${when(`${at}; and ${given}`)} -a ${existing(more)}`] : []),
  ];
}

function when(condition: string): string {
  return `complete -c mcpd -n ${quote(condition)}`;
}

function existing(kind: NameKind): string {
  return `'(mcpd complete ${kind} 2>/dev/null)'`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
