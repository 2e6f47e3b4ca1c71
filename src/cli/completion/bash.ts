import type { Node } from './tree.ts';

/** A bash script; names come from `mcpd complete`. */
export function bashScript(tree: readonly Node[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`);
  return `# bash completion for mcpd: eval "$(mcpd completion bash)"
_mcpd() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local path="" word index words="" flags="" names="" values=""
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
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    [[ -n $names ]] && words="$words $(mcpd complete "$names" 2>/dev/null)"
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -o default -F _mcpd mcpd
`;
}

function branch({ path, subcommands, flags, names }: Node): string {
  const lines = [
    `    '${path}')`,
    `      words='${subcommands.map(({ name }) => name).join(' ')}'`,
    `      flags='${flags.map(({ name }) => `--${name}`).join(' ')}'`,
    `      names='${names ?? ''}'`,
  ];
  const choices = flags.filter(({ options }) => options.length > 0);
  if (choices.length > 0) {
    lines.push('      case "$prev" in');
    for (const { name, char, options } of choices) {
      const spelled = char ? `--${name}|-${char}` : `--${name}`;
      lines.push(`        ${spelled}) values='${options.join(' ')}' ;;`);
    }
    lines.push('      esac');
  }
  return [...lines, '      ;;'].join('\n');
}
