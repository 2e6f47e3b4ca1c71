import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BridgeConfig } from '../bridge/config.ts';
import type { LiveTokens } from '../bridge/live-tokens.ts';
import { makeFolder } from '../config/folder.ts';
import type { BridgePolicy } from '../policy/bridge-policy.ts';
import { RefusedError } from '../errors.ts';
import type { TrustedIssuer } from '../policy/trusted-issuer.ts';
import { distrust, realFiles, trustedOwners } from '../workspace/trust.ts';
import { openPrivateFolder, replaceFile, type Owner } from './private-folder.ts';

export interface Material {
  readonly config: BridgeConfig;
  readonly tokens: LiveTokens;
  readonly policy: BridgePolicy;
  /** Undefined: none is trusted. */
  readonly issuer: TrustedIssuer | undefined;
  /** Values by name, all of them: what isn't here is removed. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Who the bridge starts as. */
  readonly owner: Owner;
}

/**
 * Writes what a server's container mounts, `bridge.json`, `tokens.json`, `policy.json`, `issuer.json` and
 * `secrets/NAME` (0400 in 0700 folders): each file is replaced as a whole, secrets no longer wanted are
 * removed. The folder itself stays the same one, which a running container has mounted. Throws RefusedError
 * when somebody else could read or change it. Call it, with `tokens` and `policy` read, in one registry
 * transaction, so that it can't bring back a token being revoked or a policy being replaced.
 */
export function materialise(folder: string, material: Material): void {
  const { config, tokens, policy, issuer, secrets, owner } = material;
  makeFolders(folder, owner);
  const secretsFolder = join(folder, 'secrets');
  openPrivateFolder(secretsFolder, owner);
  for (const name of readdirSync(secretsFolder)) {
    // Drafts that a killed command left behind go too.
    if (!secrets.has(name)) rmSync(join(secretsFolder, name), { recursive: true, force: true });
  }
  for (const [name, content] of secrets)
    replaceFile({ folder: secretsFolder, name, content, owner });
  removeDrafts(folder);
  replaceFile({ folder, name: 'tokens.json', content: JSON.stringify(tokens), owner });
  replaceFile({ folder, name: 'policy.json', content: JSON.stringify(policy), owner });
  putIssuer(folder, issuer, owner);
  replaceFile({ folder, name: 'bridge.json', content: JSON.stringify(config), owner });
}

/** Values in a server's folder, of these secrets; undefined when there is no such folder. */
export function readMaterialised(
  folder: string,
  names: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const secretsFolder = join(folder, 'secrets');
  if (!existsSync(secretsFolder)) return undefined;
  const present = names.filter((name) => existsSync(join(secretsFolder, name)));
  return new Map(present.map((name) => [name, readFileSync(join(secretsFolder, name), 'utf8')]));
}

/**
 * Makes a folder beside those of the servers, 0700 and its owner's; what is in it stays. Throws as
 * `materialise` does.
 */
export function makeRuntimeFolder(folder: string, owner: Owner): void {
  makeFolders(folder, owner);
}

/** Replaces only the list of valid tokens. False when the server has no run-time folder now. */
export function writeLive(folder: string, tokens: LiveTokens, owner: Owner): boolean {
  return replaceIn(folder, { name: 'tokens.json', content: JSON.stringify(tokens), owner });
}

/** Replaces only the policy. False when the server has no run-time folder now. */
export function writePolicy(folder: string, policy: BridgePolicy, owner: Owner): boolean {
  return replaceIn(folder, { name: 'policy.json', content: JSON.stringify(policy), owner });
}

/** Replaces only what the bridge is told of the issuer. False when the server has no run-time folder now. */
export function writeIssuer(
  folder: string,
  issuer: TrustedIssuer | undefined,
  owner: Owner,
): boolean {
  if (!openExisting(folder, owner)) return false;
  putIssuer(folder, issuer, owner);
  return true;
}

/** Removes a server's run-time folder, and the instance's when it was the last. */
export function dematerialise(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  try {
    rmdirSync(dirname(folder));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

function replaceIn(
  folder: string,
  file: { readonly name: string; readonly content: string; readonly owner: Owner },
): boolean {
  if (!openExisting(folder, file.owner)) return false;
  replaceFile({ folder, ...file });
  return true;
}

function openExisting(folder: string, owner: Owner): boolean {
  if (realFiles.fact(folder) === undefined) return false;
  checkTrust(dirname(folder));
  openPrivateFolder(folder, owner);
  return true;
}

function putIssuer(folder: string, issuer: TrustedIssuer | undefined, owner: Owner): void {
  const name = 'issuer.json';
  if (issuer) replaceFile({ folder, name, content: JSON.stringify(issuer), owner });
  else rmSync(join(folder, name), { force: true });
}

/** `<runtime>/<instance>/<serverId>`: the first two are ours, the last is the bridge's. */
function makeFolders(folder: string, owner: Owner): void {
  const instance = dirname(folder);
  for (let attempt = 1; ; attempt += 1) {
    makeMissing(instance);
    checkTrust(instance);
    try {
      openPrivateFolder(folder, owner);
      return;
    } catch (error) {
      // Another command removed the instance's folder with its last server: make it again.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 5) throw error;
    }
  }
}

/** Makes what is missing of a path one folder at a time, each 0700 whatever the umask. */
function makeMissing(folder: string): void {
  if (realFiles.fact(folder) !== undefined) return;
  makeMissing(dirname(folder));
  makeFolder(folder, 0o700);
}

function checkTrust(folder: string): void {
  const real = join(realpathSync.native(dirname(folder)), basename(folder));
  const callerUid = process.getuid?.() ?? 0;
  const reason = distrust(real, { owners: trustedOwners(callerUid), facts: realFiles });
  if (reason === undefined) return;
  throw new RefusedError(`Secrets can't be kept in ${folder}: ${reason}.`, {
    code: 'RUNTIME_FOLDER_UNSAFE',
    suggestions: ['Remove that folder, or set XDG_RUNTIME_DIR to a folder of your own.'],
  });
}

function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith('.')) rmSync(join(folder, name), { force: true });
  }
}
