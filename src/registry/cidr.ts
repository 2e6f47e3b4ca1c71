/** An IPv4 range as numbers, both ends included. */
export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads `10.200.0.0/14`, or one address; host bits are cleared. Undefined when it isn't IPv4. */
export function parseCidr(text: string): Ipv4Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (prefix > 32 || octets.some((octet) => octet > 255)) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  const first = address - (address % size);
  return { first, last: first + size - 1, prefix };
}

/** Whether two ranges share an address; false when one isn't IPv4. */
export function rangesOverlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  return !!left && !!right && left.first <= right.last && right.first <= left.last;
}

export function formatCidr(first: number, prefix: number): string {
  const octets = [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(first / unit) % 256);
  return `${octets.join('.')}/${prefix}`;
}
