import { resolve } from 'node:path';

/** Where an npm spec of a template points. */
export type NpmSpec =
  | { readonly kind: 'registry'; readonly name: string; readonly version: string }
  | { readonly kind: 'tarball' | 'folder'; readonly path: string };

/**
 * A path is what begins with `.`, `/` or `file:`; anything else is a registry's `name@version`.
 * Relative paths start at `folder`. Undefined when it is neither.
 */
export function parseNpmSpec(spec: string, folder: string): NpmSpec | undefined {
  if (/^(\.|\/|file:)/.test(spec)) {
    const path = resolve(folder, spec.replace(/^file:/, ''));
    return { kind: /\.(tgz|tar\.gz)$/.test(path) ? 'tarball' : 'folder', path };
  }
  const match = /^((?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*)(?:@([\w.^~<>=*+ |-]+))?$/.exec(spec);
  const name = match?.[1];
  return name === undefined
    ? undefined
    : { kind: 'registry', name, version: match?.[2] ?? 'latest' };
}
