import type { Flag, Node } from './tree.ts';

/** A zsh script; names come from `mcpd complete`. */
export function zshScript(tree: readonly Node[]): string {
  const paths = tree.filter(({ path }) => path !== '').map(({ path }) => quote(path));
  return `#compdef mcpd
# zsh completion for mcpd: eval "$(mcpd completion zsh)"
_mcpd() {
  local cmd='' next names='' index
  local -a subcommands flags choices
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
  if ((\${#choices})); then
    compadd -a choices
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

function branch({ path, subcommands, flags, names }: Node): string {
  const lines = [
    `    ${quote(path)})`,
    `      subcommands=(${subcommands.map(({ name, summary }) => described(name, summary)).join(' ')})`,
    `      flags=(${flags.map(({ name, summary }) => described(`--${name}`, summary)).join(' ')})`,
    `      names='${names ?? ''}'`,
    ...choicesOf(flags),
    '      ;;',
  ];
  return lines.join('\n');
}

function choicesOf(flags: readonly Flag[]): string[] {
  return flags
    .filter(({ options }) => options.length > 0)
    .map(({ name, char, options }) => {
      const spelled = char ? `--${name}|-${char}` : `--${name}`;
      return `      [[ \${words[CURRENT-1]} == (${spelled}) ]] && choices=(${options.map(quote).join(' ')})`;
    });
}

function described(name: string, summary: string): string {
  return quote(`${name}:${summary.replaceAll(':', '\\:')}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
