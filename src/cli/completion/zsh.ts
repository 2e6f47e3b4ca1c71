import { spellings, type Flag, type Node } from './tree.ts';

/** A zsh script; names come from `mcpd complete`. */
export function zshScript(tree: readonly Node[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `#compdef mcpd
# zsh completion for mcpd: eval "$(mcpd completion zsh)"
_mcpd() {
  local cmd='' next names='' more='' kind='' index given=0
  local -a subcommands flags valued choices
  for ((index = 2; index < CURRENT; index++)); do
    next="\${cmd:+$cmd }\${words[index]}"
    case "$next" in
      ${paths.join('|')}) cmd="$next" ;;
      *) break ;;
    esac
  done
  case "$cmd" in
${tree.map(branch).join('\n')}
  esac
  for (( ; index < CURRENT; index++)); do
    if ((\${valued[(Ie)\${words[index]}]})); then
      ((index += 1))
    elif [[ \${words[index]} != -* ]]; then
      ((given += 1))
    fi
  done
  ((given)) && subcommands=() names=$more
  # A list is completed behind its last comma.
  ((\${#choices})) || [[ -n $kind ]] && compset -P '*,'
  if ((\${#choices})); then
    compadd -a choices
  elif ((\${valued[(Ie)\${words[CURRENT-1]}]})); then
    if [[ -n $kind ]]; then compadd -- \${(f)"$(mcpd complete $kind 2>/dev/null)"}; else _files; fi
  elif [[ $PREFIX == -* ]]; then
    _describe flag flags
  else
    ((\${#subcommands})) && _describe command subcommands
    [[ -n $names ]] && compadd -- \${(f)"$(mcpd complete $names 2>/dev/null)"}
    ((\${#subcommands})) || [[ -n $names ]] || _files
  fi
}
compdef _mcpd mcpd
`;
}

function branch({ path, words, flags, names, more }: Node): string {
  const lines = [
    `    ${quote(path)})`,
    `      subcommands=(${words.map(({ name, summary }) => described(name, summary)).join(' ')})`,
    `      flags=(${flags.map(({ name, summary }) => described(`--${name}`, summary)).join(' ')})`,
    `      valued=(${flags
      .filter(({ takesValue }) => takesValue)
      .flatMap(spellings)
      .join(' ')})`,
    `      names='${names ?? ''}' more='${more ?? ''}'`,
    ...choicesOf(flags),
    '      ;;',
  ];
  return lines.join('\n');
}

function choicesOf(flags: readonly Flag[]): string[] {
  return flags
    .filter(({ options, names }) => options.length > 0 || names !== undefined)
    .map((flag) => {
      const { options, names } = flag;
      const what =
        names === undefined ? `choices=(${options.map(quote).join(' ')})` : `kind=${names}`;
      return `      [[ \${words[CURRENT-1]} == (${spellings(flag).join('|')}) ]] && ${what}`;
    });
}

function described(name: string, summary: string): string {
  return quote(`${name}:${summary.replaceAll(':', '\\:')}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
