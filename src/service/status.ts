import type { Context } from '../context.ts';
import { lookAtUnits } from './files.ts';
import { isStarted, loadStates, type LoadState } from './load-state.ts';
import { unitsHere, type Program } from './place.ts';
import type { ServiceStatusResult } from './result.ts';
import type { Systemd } from './systemd.ts';

/** How this home's units are, beside what `service install` would write. */
export async function showService(
  host: Pick<Context, 'home' | 'env' | 'uid'>,
  program: Program,
  systemd: Systemd,
): Promise<ServiceStatusResult> {
  const { manager, isRunning } = systemd;
  const found = lookAtUnits(unitsHere(host, { manager, program, root: '/' }));
  const names = found.map(({ unit }) => unit.name);
  const states = isRunning ? await loadStates(systemd, names) : new Map<string, LoadState>();
  const units = found.map(({ unit, path, file }) => {
    const state = states.get(unit.name);
    return {
      name: unit.name,
      path,
      file,
      enabled: unit.isEnabled ? (state?.isEnabled ?? null) : null,
      active: state?.active ?? null,
      result: state?.result || null,
      exitCode: state?.exitCode ?? null,
    };
  });
  const isWell = found.every(({ unit, file }) => {
    const state = states.get(unit.name);
    const isEnabled = !unit.isEnabled || state?.isEnabled === true;
    const isUp = !unit.stays || isStarted(state);
    return file === 'same' && isEnabled && isUp && state?.active !== 'failed';
  });
  return { manager, running: isRunning, installed: isRunning && isWell, units };
}
