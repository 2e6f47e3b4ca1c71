import { parseNpmSpec } from './npm-spec.ts';
import type { Template } from './schema.ts';

/** Where a server finds its user's files in the container. */
const workspaceMount = '/workspace';

/** The template's command and environment as they are in the container. */
export function expandCommand(template: Template): {
  argv: string[];
  env: Record<string, string>;
} {
  const values = placeholders(template);
  const expand = (text: string) =>
    text.replace(placeholder, (whole, name: string) => values.get(name) ?? whole);
  return {
    argv: template.command.map(expand),
    env: Object.fromEntries(
      Object.entries(template.env).map(([name, value]) => [name, expand(value)]),
    ),
  };
}

/** Placeholders of the command and environment that mean nothing, such as `${home}`. */
export function unknownPlaceholders(template: Template): string[] {
  const values = placeholders(template);
  return [...template.command, ...Object.values(template.env)]
    .flatMap((text) => [...text.matchAll(placeholder)])
    .filter(([, name]) => !values.has(name ?? ''))
    .map(([whole]) => whole);
}

/** Folder of the installed npm package in the image; undefined for a template that names an image. */
export function packageFolder({ name, source, folder }: Template): string | undefined {
  if (!('npm' in source)) return undefined;
  const spec = parseNpmSpec(source.npm, folder);
  // A local package is installed under the template's name, whatever it calls itself.
  return `/opt/mcp/node_modules/${spec?.kind === 'registry' ? spec.name : name}`;
}

const placeholder = /\$\{([^}]*)\}/g;

function placeholders(template: Template): ReadonlyMap<string, string> {
  const folder = packageFolder(template);
  return new Map([
    ['workspace', workspaceMount],
    ...(folder === undefined ? [] : [['package', folder] as const]),
  ]);
}
