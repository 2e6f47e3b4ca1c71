import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { createDigest } from './digest.ts';
import { fromText, toHeader } from './member.ts';
import type { Found } from './walk.ts';

export interface ArchiveWriter {
  add(found: Found): Promise<void>;
  addText(path: string, text: string): Promise<void>;
}

/**
 * A tar stream of what `write` adds, and at its end what that adds up to. No more is read ahead than a
 * stream buffers. It fails when `write` does.
 */
export function packArchive(write: (archive: ArchiveWriter) => Promise<void>): Readable {
  const archive = pack();
  const digest = createDigest();
  const put = async ({ member, content = [] }: Found) => {
    const sink = archive.entry(toHeader(member));
    if (member.type === 'file') await pipeline(content, sink);
  };
  const add = async ({ member, content = [] }: Found) => {
    digest.begin(member);
    await put({ member, content: summed(content) });
  };
  function* summed(content: Iterable<Uint8Array>) {
    for (const chunk of content) {
      digest.update(chunk);
      yield chunk;
    }
  }
  write({ add, addText: (path, text) => add(textMember(path, text)) })
    .then(() => put(textMember('end.json', JSON.stringify(digest.end()))))
    .then(
      () => archive.finalize(),
      (error: Error) => archive.destroy(error),
    );
  return Readable.from(archive, { objectMode: false });
}

function textMember(path: string, text: string): Found {
  const content = Buffer.from(text);
  const rest = { type: 'file', mode: 0o600, mtime: 0, owner: 'root', target: '' } as const;
  return {
    member: { ...rest, path: fromText(path), size: content.length },
    content: [content],
  };
}
