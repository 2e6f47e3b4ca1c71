import { realpathSync } from 'node:fs';
import type { Context } from '../context.ts';
import { ConflictError, RefusedError } from '../errors.ts';
import { distrustFile, realFiles, trustedOwners } from '../workspace/trust.ts';
import { lookAtUnits, sweepDrafts, writeUnit, type UnitOnDisk } from './files.ts';
import { isStarted, loadStates } from './load-state.ts';
import { unitsHere, type Program } from './place.ts';
import type { ServiceInstallResult } from './result.ts';
import type { Systemd } from './systemd.ts';

export interface InstallRequest {
  readonly program: Program;
  /** Only say what would be written. */
  readonly print: boolean;
  /** Write below this folder, as into an image, and tell systemd nothing. */
  readonly root: string | undefined;
}

/** What it needs of the world. */
export type ServiceHost = Pick<Context, 'home' | 'env' | 'uid'> & {
  readonly progress: Pick<Context['progress'], 'notice'>;
};

/**
 * Writes this home's units, enables and starts them. The same again changes nothing. Throws RefusedError
 * where no systemd runs, and for a program that somebody else could change; ConflictError for a file of
 * somebody else's; ServiceError.
 */
export async function installService(
  host: ServiceHost,
  { program, print, root }: InstallRequest,
  systemd: Systemd,
): Promise<ServiceInstallResult> {
  const { manager } = systemd;
  const place = unitsHere(host, { manager, program, root: root ?? '/' });
  const found = lookAtUnits(place);
  if (print) return { changed: false, units: found.map((one) => row(one, false)), commands: [] };
  if (root === undefined && !systemd.isRunning) throw noSystemd(systemd);
  refuseForeign(found);
  for (const file of program) refuseUnsafe(file, host.uid);

  const news = found.filter(({ file }) => file !== 'same');
  sweepDrafts(place);
  for (const one of news) writeUnit(one);
  const units = found.map((one) => row(one, news.includes(one)));
  if (root !== undefined) return { changed: news.length > 0, units, commands: [] };
  const commands = await load(systemd, found, news.length > 0);
  if (manager === 'user') {
    host.progress.notice('They run while you are logged in, or always: loginctl enable-linger');
  }
  return { changed: commands.length > 0, units, commands };
}

/** Tells systemd what it doesn't know yet; gives what it was told. */
async function load(
  systemd: Systemd,
  found: readonly UnitOnDisk[],
  isNews: boolean,
): Promise<string[]> {
  const told: string[] = [];
  const tell = async (...args: string[]) => {
    await systemd.call(args);
    told.push(`systemctl ${args.join(' ')}`);
  };
  const names = found.map(({ unit }) => unit.name);
  let states = await loadStates(systemd, names);
  // Also of what a killed command has written.
  const isBehind = [...states.values()].some(({ isStale }) => isStale);
  if (isNews || isBehind) {
    await tell('daemon-reload');
    states = await loadStates(systemd, names);
  }
  const disabled = found
    .filter(({ unit }) => unit.isEnabled && states.get(unit.name)?.isEnabled !== true)
    .map(({ unit }) => unit.name);
  if (disabled.length > 0) await tell('enable', ...disabled);
  const idle = found
    .filter(({ unit }) => unit.stays && !isStarted(states.get(unit.name)))
    .map(({ unit }) => unit.name);
  // Bringing users up may take minutes; `service status` says how it went.
  if (idle.length > 0) await tell('start', '--no-block', ...idle);
  return told;
}

function row({ unit, path }: UnitOnDisk, written: boolean) {
  return { name: unit.name, path, written, text: unit.text };
}

function noSystemd({ manager }: Systemd): RefusedError {
  const whose = manager === 'system' ? 'No systemd runs here' : 'No systemd runs for your account';
  return new RefusedError(`${whose}, so nothing would start these units.`, {
    code: 'NO_SYSTEMD',
    suggestions: [
      'Let what starts this machine call `mcpd prepare` before the engine and `mcpd up` after it.',
      'Let cron call `mcpd gc` every few minutes. docs/service.md has the lines.',
      'mcpd service install --print, to see the units',
    ],
  });
}

function refuseForeign(found: readonly UnitOnDisk[]): void {
  const foreign = found.filter(({ file }) => file === 'foreign').map(({ path }) => path);
  if (foreign.length === 0) return;
  throw new ConflictError(`mcpd did not write ${foreign.join(', ')}.`, {
    code: 'UNIT_EXISTS',
    suggestions: ['Move it away; what differs from mcpd’s own belongs into systemctl edit.'],
  });
}

/** What systemd is to start as somebody must be theirs, or root's. */
function refuseUnsafe(file: string, uid: number): void {
  const options = { owners: trustedOwners(uid), facts: realFiles };
  const reason = distrustFile(realpathSync.native(file), options);
  if (reason === undefined) return;
  throw new RefusedError(`${file} may not be started at boot: ${reason}.`, {
    code: 'PROGRAM_UNSAFE',
    suggestions: [
      uid === 0 ? 'Install Node and mcpd as root: npm i -g .' : 'Install it elsewhere.',
    ],
  });
}
