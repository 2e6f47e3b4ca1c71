/** What the first line of all names as the one before. */
export const genesis = 'A'.repeat(43);

/** SHA-256 of a text, in base64url. */
export type Digest = (text: string) => string;

export interface Sealed {
  /** Without its newline. */
  readonly line: string;
  readonly hash: string;
}

/**
 * One record as a line of a chain: it names the hash of the line before, and its own comes last. `text` is
 * the record's JSON without the brace that closes it.
 */
export function seal(text: string, previous: string, digest: Digest): Sealed {
  const body = `${text},"previous":"${previous}"`;
  const hash = digest(body);
  return { line: `${body},"hash":"${hash}"}`, hash };
}

/** The hashes a line states; undefined when it is no line of a chain. It says nothing about the hashes being right. */
export function linksOf(line: string): { previous: string; hash: string } | undefined {
  const [, previous, hash] = tailPattern.exec(line.slice(-tailLength)) ?? [];
  return previous === undefined || hash === undefined ? undefined : { previous, hash };
}

/** Whether a line's text has the hash that it states. */
export function isIntact(line: string, digest: Digest): boolean {
  return linksOf(line)?.hash === digest(line.slice(0, -hashLength));
}

const tailPattern = /,"previous":"([\w-]{43})","hash":"([\w-]{43})"\}$/;
const tailLength = 128;
/** `,"hash":"…"}` */
const hashLength = 54;
