import { createHash } from 'node:crypto';
import type { Member } from './member.ts';

/** SHA-256 over all members in their order: what they are, and what is in them. */
export interface Digest {
  begin(member: Member): void;
  update(chunk: Uint8Array): void;
  end(): { readonly members: number; readonly sha256: string };
}

export function createDigest(): Digest {
  const hash = createHash('sha256');
  let members = 0;
  return {
    begin: ({ path, type, mode, mtime, owner, size, target }) => {
      members += 1;
      hash.update(`${JSON.stringify([path, type, mode, mtime, owner, size, target])}\n`);
    },
    update: (chunk) => void hash.update(chunk),
    end: () => ({ members, sha256: hash.digest('hex') }),
  };
}
