/** The lines of a text, each without its indentation: a table of commands. */
export function lines([text = '']: TemplateStringsArray): string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

/** Words of a command; `'…'` keeps spaces and may be empty. */
export function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
}
