import { rmSync } from 'node:fs';
import { lookAtUnits, sweepDrafts } from './files.ts';
import type { ServiceHost } from './install.ts';
import { unitsHere, type Program } from './place.ts';
import type { ServiceRemoveResult } from './result.ts';
import type { Systemd } from './systemd.ts';

interface RemoveRequest {
  readonly program: Program;
  /** Remove below this folder, and tell systemd nothing. */
  readonly root: string | undefined;
}

/**
 * Undoes `service install`: units are stopped, disabled and deleted; whoever runs goes on running. What
 * somebody else wrote under these names, and drop-ins beside them, stay. Throws ServiceError.
 */
export async function removeService(
  host: ServiceHost,
  { program, root }: RemoveRequest,
  systemd: Systemd,
): Promise<ServiceRemoveResult> {
  const { manager } = systemd;
  const place = unitsHere(host, { manager, program, root: root ?? '/' });
  const found = lookAtUnits(place);
  const ours = found.filter(({ file }) => file === 'same' || file === 'different');
  for (const { path } of found.filter(({ file }) => file === 'foreign')) {
    host.progress.notice(`${path} stays: mcpd did not write it.`);
  }
  const commands: string[] = [];
  const tell = async (...args: string[]) => {
    if (ours.length === 0 || root !== undefined || !systemd.isRunning) return;
    await systemd.call(args);
    commands.push(`systemctl ${args.join(' ')}`);
  };
  // What is enabled is disabled while it still says how.
  const enabled = ours.filter(({ unit }) => unit.isEnabled).map(({ unit }) => unit.name);
  if (enabled.length > 0) await tell('disable', '--now', ...enabled);
  for (const { path } of ours) rmSync(path, { force: true });
  sweepDrafts(place);
  await tell('daemon-reload');
  return {
    changed: ours.length > 0,
    units: found.map((one) => ({
      name: one.unit.name,
      path: one.path,
      removed: ours.includes(one),
    })),
    commands,
  };
}
