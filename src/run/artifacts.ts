import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import { openLogs } from '../observe/logs.ts';
import { showStatus } from '../observe/status.ts';
import { listServers } from '../registry/servers.ts';
import { getUserById, listUsers } from '../registry/users.ts';
import { showUser } from '../user/show.ts';
import { liesIn } from '../workspace/paths.ts';

/**
 * Throws RefusedError for a folder in a workspace, the new tenant's or anybody's: a server could put a link
 * in the place of a log, and mcpd would write where it leads to.
 */
export function refuseWorkspace(
  { registry }: Pick<Context, 'registry'>,
  { folder, workspace }: { readonly folder: string; readonly workspace: string | undefined },
): void {
  const others = listUsers(registry).map((user) => user.workspace);
  if (!liesIn(folder, workspace === undefined ? others : [workspace, ...others])) return;
  throw new RefusedError(`${folder} is in a workspace, where servers can change it.`, {
    code: 'ARTIFACTS_IN_WORKSPACE',
    suggestions: ['Name a folder outside of it with --artifacts.'],
  });
}

/**
 * Saves what helps to find out why a run failed: `<server>.log` of each server, `status.json` and
 * `user.json`, none with a secret's value or a token. Gives the folder; null, and a notice, when it can't.
 */
export async function saveArtifacts(
  context: Context,
  { folder: asked, userId }: { readonly folder: string; readonly userId: string },
): Promise<string | null> {
  const folder = resolve(asked);
  try {
    await mkdir(folder, { recursive: true });
    const { name } = getUserById(context.registry, userId);
    await Promise.all([
      ...listServers(context.registry, userId).map((server) =>
        saveLog(context, { folder, user: name, server: server.name }),
      ),
      showStatus(context, { target: { user: name, server: undefined }, probe: false }).then(
        (status) => saveJson(join(folder, 'status.json'), status),
      ),
      showUser(context, { name, effective: true }).then((shown) =>
        saveJson(join(folder, 'user.json'), shown),
      ),
    ]);
    return folder;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.progress.notice(`The artifacts could not be saved in ${folder}: ${reason}`);
    return null;
  }
}

async function saveLog(
  context: Context,
  { folder, user, server }: { folder: string; user: string; server: string },
): Promise<void> {
  const { lines } = await openLogs(context, { target: { user, server }, follow: false });
  const text = async function* () {
    for await (const { time, line } of lines) yield `${time} ${line}\n`;
  };
  await pipeline(text, createWriteStream(join(folder, `${server}.log`)));
}

function saveJson(path: string, document: object): Promise<void> {
  return writeFile(path, `${JSON.stringify(document, undefined, 2)}\n`);
}
