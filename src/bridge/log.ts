import { stripVTControlCharacters } from 'node:util';

/** Takes one short line about one event. Never give it a message body, a token or a secret. */
export type Log = (line: string) => void;

/** Makes a server's own output safe to print: no escape sequences, no control characters, no secret values. */
export function createCleaner(secrets: Iterable<string>): (text: string) => string {
  const needles = [...secrets]
    .flatMap((secret) => [secret, ...secret.split(/\r?\n/)])
    .filter((needle) => needle.length >= 6)
    .toSorted((one, other) => other.length - one.length);
  return (text) => {
    const masked = needles.reduce((rest, needle) => rest.replaceAll(needle, '***'), text);
    return stripVTControlCharacters(masked).replace(/(?!\t)\p{Cc}/gu, '');
  };
}
