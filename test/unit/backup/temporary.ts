import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { packArchive, type ArchiveWriter } from '../../../src/backup/archive.ts';
import { createDigest } from '../../../src/backup/digest.ts';
import { formatVersion, type Manifest, type UserBackup } from '../../../src/backup/manifest.ts';
import { toHeader, type Member } from '../../../src/backup/member.ts';
import { readArchive } from '../../../src/backup/read-archive.ts';

/** A folder of its own, removed at the end of the `using` scope. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'mcpd-backup-')));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export const bobId = 'ubbbbbbbbbb';
export const aliceId = 'uaaaaaaaaaa';
export const serverId = 'sbbbbbbbbbb';

export function userBackup(more: Partial<UserBackup> = {}): UserBackup {
  return {
    id: bobId,
    name: 'bob',
    uid: 200000,
    osUser: null,
    ports: { start: 20000, end: 20009 },
    subnet: '10.200.0.0/28',
    workspace: `/var/lib/mcpd/users/${bobId}/workspace`,
    workspaceManaged: true,
    own: {},
    group: null,
    down: false,
    expiresAt: null,
    servers: [{ id: serverId, name: 'files', template: 'files', port: 20000, desired: 'running' }],
    approvals: [],
    secrets: [],
    tokens: [],
    ...more,
  };
}

export function manifest(more: Partial<Manifest> = {}): Manifest {
  return {
    format: formatVersion,
    version: '0.1.0',
    registry: 2,
    instance: 'aaaaaaaa',
    home: '/var/lib/mcpd',
    tokenKey: 'x',
    takenAt: '2026-01-01T00:00:00.000Z',
    workspaces: true,
    users: [userBackup()],
    groups: [],
    identity: null,
    ...more,
  };
}

export function memberOf(path: string, more: Partial<Member> = {}): Member {
  const rest = { mode: 0o644, mtime: 1, owner: 'tenant', size: 0, target: '' } as const;
  return { path, type: 'file', ...rest, ...more };
}

export function folderOf(path: string): Member {
  return memberOf(path, { type: 'directory', mode: 0o755 });
}

/** An archive as mcpd writes it. */
export function archiveOf(write: (archive: ArchiveWriter) => Promise<void>): Readable {
  return packArchive(async (archive) => {
    await archive.addText('manifest.json', JSON.stringify(manifest()));
    await write(archive);
  });
}

/** An archive by somebody who knows the format: any members, with a digest that is right. */
export function forgedArchive(members: readonly Member[]): Readable {
  const archive = pack();
  const digest = createDigest();
  const addText = (path: string, text: string, counts: boolean) => {
    const member = memberOf(path, { size: text.length });
    if (counts) digest.begin(member);
    if (counts) digest.update(Buffer.from(text));
    archive.entry(toHeader(member), text);
  };
  addText('manifest.json', JSON.stringify(manifest()), true);
  for (const member of members) {
    digest.begin(member);
    archive.entry(toHeader(member), '');
  }
  addText('end.json', JSON.stringify(digest.end()), false);
  archive.finalize();
  return Readable.from(archive, { objectMode: false });
}

/** All of an archive; throws what reading it throws. */
export async function readAll(archive: Readable): Promise<{ member: Member; text: string }[]> {
  const { members } = await readArchive(archive, AbortSignal.any([]));
  const found: { member: Member; text: string }[] = [];
  for await (const { member, content } of members) {
    const bytes = await buffer(Readable.from(content));
    found.push({ member, text: bytes.toString('latin1') });
  }
  return found;
}
