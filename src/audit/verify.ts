import { hash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { genesis, isIntact, linksOf } from '../records/chain.ts';
import { auditFiles } from '../records/files.ts';
import { logFolder } from '../reconcile/desired.ts';
import { listServers } from '../registry/servers.ts';
import { findUser, getUser, listUsers } from '../registry/users.ts';
import { controlFiles } from './control-files.ts';
import { removedFolder, restoredNames } from './kept.ts';
import { closeFiles, openFiles, type AuditFile, type Select } from './files.ts';
import type { AuditVerifyResult, ChainReport } from './result.ts';

/**
 * Checks the chains of one user's servers, and of removed users of that name; without a user those of
 * all, and of the commands. Throws NotFoundError.
 */
export async function verifyAudit(
  { registry, home }: Context,
  userName: string | undefined,
): Promise<AuditVerifyResult> {
  const kept = await keptChains(home.audit, userName);
  const isGone = userName !== undefined && kept.length > 0 && !findUser(registry, userName);
  const users =
    userName === undefined ? listUsers(registry) : isGone ? [] : [getUser(registry, userName)];
  const servers = users.flatMap((user) =>
    listServers(registry, user.id).map((server) => ({
      name: `${user.name}/${server.name}`,
      folder: logFolder(home, user.id, server.id),
      select: auditFiles,
    })),
  );
  const control = { name: 'control', folder: home.audit, select: controlFiles };
  const all = [...(userName === undefined ? [control] : []), ...servers, ...kept];
  const chains: ChainReport[] = [];
  for (const chain of all) chains.push(await verifyChain(chain));
  return { intact: chains.every(({ broken }) => broken === null), chains };
}

/** What `user remove` kept, and what came with backups of whole homes: again commands, and removed users. */
async function keptChains(audit: string, userName: string | undefined): Promise<Chain[]> {
  const chains = await removedChains(audit, userName);
  for (const name of restoredNames(await namesIn(audit))) {
    const folder = join(audit, name);
    const control = { name: 'control', folder, select: controlFiles };
    const all = [
      ...(userName === undefined ? [control] : []),
      ...(await keptChains(folder, userName)),
    ];
    chains.push(...all.map((chain) => ({ ...chain, name: `${chain.name} (${name})` })));
  }
  return chains;
}

/** A folder for each removed user, and in it one for each server. */
async function removedChains(audit: string, userName: string | undefined): Promise<Chain[]> {
  const archive = join(audit, removedFolder);
  const users = (await namesIn(archive)).filter(
    (name) => userName === undefined || name.slice(0, name.lastIndexOf('-')) === userName,
  );
  const chains = users.map(async (user) =>
    (await namesIn(join(archive, user))).map((server) => ({
      name: `${user}/${server} (removed)`,
      folder: join(archive, user, server),
      select: auditFiles,
    })),
  );
  return (await Promise.all(chains)).flat();
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted();
}

interface Chain {
  readonly name: string;
  readonly folder: string;
  readonly select: Select;
}

/** The oldest file may follow on others that are no longer kept: its first line names a hash that nobody can check. */
async function verifyChain({ name, folder, select }: Chain): Promise<ChainReport> {
  const files = await openFiles(folder, select);
  try {
    return { name, files: files.length, ...(await verifyFiles(folder, files)) };
  } finally {
    await closeFiles(files);
  }
}

async function verifyFiles(
  folder: string,
  files: readonly AuditFile[],
): Promise<Pick<ChainReport, 'lines' | 'broken'>> {
  let previous: string | undefined;
  let lines = 0;
  for (const file of files) {
    let number = 0;
    for await (const line of file.lines()) {
      number += 1;
      lines += 1;
      const reason = faultOf(line, previous);
      if (reason !== undefined)
        return { lines, broken: { file: join(folder, file.name), line: number, reason } };
      previous = linksOf(line)?.hash;
    }
  }
  return { lines, broken: null };
}

function faultOf(line: string, previous: string | undefined): string | undefined {
  const links = linksOf(line);
  if (!links) return 'is no line of an audit';
  if (!isIntact(line, digest)) return 'was changed: its hash is not that of its text';
  if (previous === undefined || links.previous === previous) return undefined;
  return links.previous === genesis
    ? 'begins a chain of its own: lines before it are missing'
    : 'does not follow on the line before it: lines were removed or added';
}

const digest = (text: string): string => hash('sha256', text, 'base64url');
