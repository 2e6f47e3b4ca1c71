import type { NameKind, Node } from './tree.ts';

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
complete -c mcpd -f
${tree.flatMap(lines).join('\n')}
`;
}

function lines({ path, words, flags, names }: Node): string[] {
  const here = `complete -c mcpd -n ${quote(`__mcpd_at ${quote(path)}`)}`;
  return [
    ...words.map(({ name, summary }) => `${here} -a ${name} -d ${quote(summary)}`),
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
    ...(names ? [`${here} -a ${existing(names)}`] : []),
  ];
}

function existing(kind: NameKind): string {
  return `'(mcpd complete ${kind} 2>/dev/null)'`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
