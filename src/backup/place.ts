/** Where a file of a backup belongs; `rest` is its path there, '' of the folder itself. */
export type FilePlace =
  | { readonly area: 'workspace'; readonly user: string; readonly rest: string }
  | {
      readonly area: 'logs';
      readonly user: string;
      readonly server: string;
      readonly rest: string;
    }
  | { readonly area: 'audit'; readonly rest: string };

/** What a member of a backup is. */
export type Place = { readonly area: 'manifest' } | { readonly area: 'end' } | FilePlace;

const patterns = [
  /^users\/(?<user>u[a-z2-7]{10})\/(?<area>workspace)(?:\/(?<rest>.+))?$/s,
  /^users\/(?<user>u[a-z2-7]{10})\/(?<area>logs)\/(?<server>s[a-z2-7]{10})(?:\/(?<rest>.+))?$/s,
  /^(?<area>audit)(?:\/(?<rest>.+))?$/s,
];

/**
 * Reads a member's path, a character per byte; undefined for one that no backup has. Nothing in it can lead
 * out: no empty name, `.`, `..` or null byte, and nothing absolute. Pure.
 */
export function placeOf(path: string): Place | undefined {
  if (path === 'manifest.json') return { area: 'manifest' };
  if (path === 'end.json') return { area: 'end' };
  if (!isInside(path)) return undefined;
  for (const pattern of patterns) {
    const { area, user = '', server = '', rest = '' } = pattern.exec(path)?.groups ?? {};
    if (area === 'workspace') return { area, user, rest };
    if (area === 'logs') return { area, user, server, rest };
    if (area === 'audit') return { area, rest };
  }
  return undefined;
}

function isInside(path: string): boolean {
  const names = path.split('/');
  return !path.includes('\0') && names.every((name) => !['', '.', '..'].includes(name));
}
