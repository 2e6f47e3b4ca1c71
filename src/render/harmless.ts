/** A text of several lines, such as an error with the last of a server's log in it. */
export function harmlessText(text: string): string {
  return text.split('\n').map(harmless).join('\n');
}

/** Keeps tabs and colours, and shows every other control character as `?`. */
export function harmless(line: string): string {
  const parts = line.split(/(\p{Cc}\[[\d;]*m)/u);
  const shown = parts.map((part) =>
    isColour(part) ? part : part.replaceAll(/(?!\t)\p{Cc}/gu, '?'),
  );
  // A colour left on would run into the next line.
  return parts.some(isColour) ? `${shown.join('')}\u001b[0m` : shown.join('');
}

function isColour(part: string): boolean {
  return part.startsWith('\u001b[') && part.endsWith('m') && /^[\d;]*$/.test(part.slice(2, -1));
}
