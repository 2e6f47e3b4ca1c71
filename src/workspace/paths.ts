import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Home } from '../config/home.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { distrust, realFiles, trustedOwners, type FileFacts } from './trust.ts';

export interface WorkspaceRules {
  /** Folders that a workspace may lie in. */
  readonly roots: readonly string[];
  readonly home: Home;
  /** Workspaces of all other users. */
  readonly otherWorkspaces: readonly string[];
  /** Uids that servers run as, to say so when one owns a parent folder. */
  readonly tenantUids?: readonly number[];
  /** Who runs mcpd: may own parent folders, besides root. */
  readonly callerUid: number;
  /** Sockets that command the engine. */
  readonly sockets?: readonly string[];
  readonly facts?: FileFacts;
}

/** Folders of the system: never a workspace, nor in one, whatever the roots say. */
const systemFolders = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/sys',
  '/usr',
  '/var/run',
  '/var/lib/docker',
  '/var/lib/containerd',
];

const engineSockets = ['/run/docker.sock', '/var/run/docker.sock'];

/**
 * The real path of a folder that may become a workspace; it may not exist yet. Throws UsageError
 * for a path that can't be one, RefusedError for one that would give a tenant what isn't theirs.
 */
export function checkWorkspace(path: string, rules: WorkspaceRules): string {
  const facts = rules.facts ?? realFiles;
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new UsageError(`The workspace "${path}" is not an absolute path.`, {
      code: 'WORKSPACE_NOT_ABSOLUTE',
      suggestions: ['Write the whole path, such as /srv/bob.'],
    });
  }
  const real = resolveReal(resolve(path), facts);
  const kind = facts.fact(real)?.kind;
  if (kind !== undefined && kind !== 'directory') {
    throw new UsageError(`The workspace ${real} is not a folder.`, {
      code: 'WORKSPACE_NOT_A_FOLDER',
      suggestions: ['Choose a folder, or a path that is still free.'],
    });
  }
  const problem = findProblem(real, { ...rules, facts });
  if (problem !== undefined) throw refused(path, real, problem);
  return real;
}

interface Problem {
  readonly code: string;
  readonly reason: string;
  readonly suggestion: string;
}

type Rules = WorkspaceRules & { readonly facts: FileFacts };

function findProblem(real: string, rules: Rules): Problem | undefined {
  return (
    systemProblem(real, rules) ??
    homeProblem(real, rules) ??
    tenantProblem(real, rules) ??
    rootProblem(real, rules) ??
    parentProblem(real, rules) ??
    ownerProblem(real, rules)
  );
}

function systemProblem(real: string, { sockets = engineSockets, facts }: Rules) {
  const folders = [...systemFolders, ...sockets].flatMap((one) => bothPaths(one, facts));
  const hit = folders.find((folder) => overlaps(real, folder));
  if (hit === undefined) return undefined;
  return {
    code: 'WORKSPACE_SYSTEM_FOLDER',
    reason: real === hit ? 'it belongs to the system' : `it overlaps ${hit}, which is the system's`,
    suggestion: 'Choose a folder that holds nothing but this user’s files.',
  };
}

/** mcpd's own state, except the workspace that a removed user left behind. */
function homeProblem(real: string, { home, facts }: Rules): Problem | undefined {
  const hit = [home.root, home.runtime]
    .flatMap((one) => bothPaths(one, facts))
    .find((folder) => overlaps(real, folder));
  if (hit === undefined || isLeftBehind(real, { home, facts })) return undefined;
  return {
    code: 'WORKSPACE_IN_HOME',
    reason: `it overlaps mcpd's own ${hit}`,
    suggestion: 'Leave --workspace out to get a folder there.',
  };
}

function tenantProblem(real: string, { otherWorkspaces, facts }: Rules): Problem | undefined {
  const hit = otherWorkspaces
    .flatMap((one) => bothPaths(one, facts))
    .find((other) => overlaps(real, other));
  if (hit === undefined) return undefined;
  return {
    code: 'WORKSPACE_TAKEN',
    reason: `it overlaps ${hit}, another user's workspace`,
    suggestion: 'Choose a folder of its own for each user.',
  };
}

function rootProblem(real: string, { roots, home, facts }: Rules): Problem | undefined {
  if (isLeftBehind(real, { home, facts })) return undefined;
  const inside = roots
    .flatMap((root) => bothPaths(root, facts))
    .some((root) => real !== root && isWithin(real, root));
  if (inside) return undefined;
  return {
    code: 'WORKSPACE_OUTSIDE_ROOTS',
    reason: `it is not inside ${roots.join(' or ') || 'any allowed folder'}`,
    suggestion: `mcpd config set workspaceRoots ${[...roots, dirname(real)].join(',')}`,
  };
}

function parentProblem(real: string, { callerUid, tenantUids = [], facts }: Rules) {
  const parent = existingParent(real, facts);
  const reason = distrust(parent, { owners: trustedOwners(callerUid), facts });
  if (reason === undefined) return undefined;
  const tenant = tenantUids.some((uid) => reason.endsWith(`uid ${uid}`)) ? ', a tenant' : '';
  return {
    code: 'WORKSPACE_PARENT_UNSAFE',
    reason: `${reason}${tenant}, so the folder could be swapped for a link to something else`,
    suggestion: 'Choose a folder all of whose parents are root’s, and writable by root alone.',
  };
}

/** Only root can give a folder away, or make one in another's. */
function ownerProblem(real: string, { callerUid, facts }: Rules): Problem | undefined {
  const folder = facts.fact(real) === undefined ? existingParent(real, facts) : real;
  const owner = facts.fact(folder)?.uid;
  if (callerUid === 0 || owner === callerUid) return undefined;
  return {
    code: 'WORKSPACE_NOT_YOURS',
    reason: `${folder} belongs to uid ${owner}, and mcpd is not run as root`,
    suggestion: 'Choose a folder of your own, or leave --workspace out.',
  };
}

/** `<home>/users/<id>/workspace` of nobody who is a user now: theirs are among the other workspaces. */
function isLeftBehind(real: string, { home, facts }: Pick<Rules, 'home' | 'facts'>): boolean {
  const users = facts.realpath(home.users);
  return (
    users !== undefined &&
    basename(real) === 'workspace' &&
    dirname(dirname(real)) === users &&
    facts.fact(real) !== undefined
  );
}

/** Whether a path that may not exist yet is one of these folders or in one, as written or as it really is. */
export function liesIn(
  path: string,
  folders: readonly string[],
  facts: FileFacts = realFiles,
): boolean {
  const places = [resolve(path), realPlace(resolve(path), facts)];
  return folders
    .flatMap((folder) => bothPaths(folder, facts))
    .some((folder) => places.some((place) => isWithin(place, folder)));
}

/** A path with the links in the part that exists resolved. */
function realPlace(path: string, facts: FileFacts): string {
  const parent = dirname(path);
  const real = facts.realpath(path);
  return real ?? (parent === path ? path : join(realPlace(parent, facts), basename(path)));
}

/** Resolves links in the part that exists. A link to nowhere is refused: what it leads to can change. */
function resolveReal(path: string, facts: FileFacts): string {
  const real = facts.realpath(path);
  if (real !== undefined) return real;
  if (facts.fact(path) !== undefined) {
    throw new UsageError(`The workspace ${path} leads to nowhere: it has a broken link.`, {
      code: 'WORKSPACE_BROKEN_LINK',
      suggestions: ['Give the folder itself.'],
    });
  }
  const parent = dirname(path);
  return parent === path ? path : join(resolveReal(parent, facts), basename(path));
}

function existingParent(path: string, facts: FileFacts): string {
  const parent = dirname(path);
  return facts.fact(parent) !== undefined || parent === path
    ? parent
    : existingParent(parent, facts);
}

/** A path as written and as it really is, for it may be made or linked later. */
function bothPaths(path: string, facts: FileFacts): string[] {
  const written = resolve(path);
  const real = facts.realpath(written);
  return real === undefined || real === written ? [written] : [written, real];
}

/** By whole segments: /srv/bob2 is not within /srv/bob. */
function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

function overlaps(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

function refused(path: string, real: string, problem: Problem): RefusedError {
  const what = path === real ? path : `${path} (really ${real})`;
  return new RefusedError(`${what} can't be a workspace: ${problem.reason}.`, {
    code: problem.code,
    suggestions: [problem.suggestion],
  });
}
