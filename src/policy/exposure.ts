import type { Exposure } from './bridge-policy.ts';

/** Whether an exposure hides anything at all. */
export function isRestricted({ allow, deny, most }: Exposure): boolean {
  return allow !== null || deny.length > 0 || most !== null;
}

/** Whether the patterns let a name through; how many may be shown is another question. */
export function isAllowed({ allow, deny }: Exposure, name: string): boolean {
  if (deny.some((pattern) => matches(pattern, name))) return false;
  return allow === null || allow.some((pattern) => matches(pattern, name));
}

/**
 * Whether a pattern describes a whole name: `*` stands for any characters, or none; everything else for
 * itself. The first place that fits each part is as good as any later one, so nothing is tried twice.
 */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** The pattern of the URIs that a URI template can make: `file:///{path}` is `file:///*`. */
export function patternOf(uriTemplate: string): string {
  return uriTemplate.replaceAll(/\{[^{}]*\}/g, '*');
}
