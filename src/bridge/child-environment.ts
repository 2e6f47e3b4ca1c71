interface ChildEnvironment {
  readonly declared: Readonly<Record<string, string>>;
  readonly secrets: ReadonlyMap<string, string>;
  /** The bridge's own `PATH`. */
  readonly path: string | undefined;
}

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** All a server gets to see: a path, a home it can write to, what its template declares, and its secrets. */
export function childEnvironment({
  declared,
  secrets,
  path,
}: ChildEnvironment): Record<string, string> {
  return { PATH: path ?? usualPath, HOME: '/tmp', ...declared, ...Object.fromEntries(secrets) };
}
