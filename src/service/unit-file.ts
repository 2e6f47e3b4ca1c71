/** Settings of one section, in order. */
type Settings = readonly (readonly [name: string, value: string])[];

/** A unit file's text; `heading` becomes its first comment. */
export function unitFile(
  heading: readonly string[],
  sections: Readonly<Record<string, Settings>>,
): string {
  const blocks = Object.entries(sections).map(([name, settings]) =>
    [`[${name}]`, ...settings.map(([key, value]) => `${key}=${value}`)].join('\n'),
  );
  return [...heading.map((line) => `# ${line}`), '', blocks.join('\n\n'), ''].join('\n');
}

/** A command line as ExecStart= takes it: what it has of its own syntax means nothing. */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => quote(word).replaceAll('$', '$$$$')).join(' ');
}

/** One word as settings with lists take it, such as Environment=. */
export function quote(word: string): string {
  const plain = word.replaceAll('%', '%%');
  if (/^[\w@%+=:,./$-]+$/.test(plain)) return plain;
  const escaped = plain.replaceAll(/["\\]/g, (one) => `\\${one}`).replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
