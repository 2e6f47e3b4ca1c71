import { spellings, type Flag, type Node } from './tree.ts';

/** A bash script; names come from `mcpd complete`. */
export function bashScript(tree: readonly Node[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# bash completion for mcpd: eval "$(mcpd completion bash)"
_mcpd() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" listed="" word index words="" flags="" names="" more="" valued="" kind="" values="" given=0
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${path:+$path }\${COMP_WORDS[index]}"
    case "$word" in
      ${paths.join('|')}) path="$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
${tree.map(branch).join('\n')}
  esac
  for (( ; index < COMP_CWORD; index++)); do
    if [[ " $valued " == *" \${COMP_WORDS[index]} "* ]]; then
      ((index += 1))
    elif [[ \${COMP_WORDS[index]} != -* ]]; then
      ((given += 1))
    fi
  done
  ((given > 0)) && words="" names="$more"
  [[ " $valued " == *" $prev "* ]] && words="" flags="" names="$kind"
  # A list is completed behind its last comma.
  [[ -n $values$kind && $cur == *,* ]] && listed="\${cur%,*}," cur="\${cur##*,}"
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -P "$listed" -W "$values" -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    [[ -n $names ]] && words="$words $(mcpd complete "$names" 2>/dev/null)"
    COMPREPLY=($(compgen -P "$listed" -W "$words" -- "$cur"))
  fi
}
complete -o default -F _mcpd mcpd
`;
}

function branch({ path, words, flags, names, more }: Node): string {
  const valued = flags.filter(({ takesValue }) => takesValue).flatMap(spellings);
  const lines = [
    `    '${path}')`,
    `      words='${words.map(({ name }) => name).join(' ')}'`,
    `      flags='${flags.map(({ name }) => `--${name}`).join(' ')}'`,
    `      valued='${valued.join(' ')}'`,
    `      names='${names ?? ''}' more='${more ?? ''}'`,
  ];
  const known = flags.filter((flag) => flag.options.length > 0 || flag.names !== undefined);
  if (known.length > 0) lines.push('      case "$prev" in', ...known.map(value), '      esac');
  return [...lines, '      ;;'].join('\n');
}

function value(flag: Flag): string {
  const what =
    flag.names === undefined ? `values='${flag.options.join(' ')}'` : `kind=${flag.names}`;
  return `        ${spellings(flag).join('|')}) ${what} ;;`;
}
