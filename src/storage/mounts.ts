/** One line of `/proc/self/mountinfo`. */
export interface Mount {
  readonly folder: string;
  /** `/dev/loop0`, `tmpfs`, … */
  readonly device: string;
}

/** Reads `/proc/self/mountinfo`; of mounts on one folder the topmost, which is the last. */
export function parseMounts(text: string): Mount[] {
  const byFolder = new Map<string, Mount>();
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const folder = before.split(' ')[4];
    const device = after.split(' ')[1];
    if (folder === undefined || device === undefined) continue;
    byFolder.set(unescape(folder), { folder: unescape(folder), device: unescape(device) });
  }
  return [...byFolder.values()];
}

/** The kernel writes a space as `\040`, and tabs, newlines and backslashes alike. */
function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
