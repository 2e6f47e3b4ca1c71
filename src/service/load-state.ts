import type { Systemd } from './systemd.ts';

/** What systemd says of one unit. */
export interface LoadState {
  readonly isEnabled: boolean;
  /** Its file is another one since systemd read it. */
  readonly isStale: boolean;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** Of its last run: `success`, `exit-code`, `timeout`, … */
  readonly result: string;
  /** Of its last run; null for a timer. */
  readonly exitCode: number | null;
}

const properties = 'Id,UnitFileState,NeedDaemonReload,ActiveState,Result,ExecMainStatus';

/** By name; a unit that systemd doesn't know is inactive. One call for all. */
export async function loadStates(
  systemd: Systemd,
  names: readonly string[],
): Promise<ReadonlyMap<string, LoadState>> {
  return parseStates(await systemd.call(['show', `--property=${properties}`, ...names]));
}

/** It does what it is for, or is about to. */
export function isStarted(state: LoadState | undefined): boolean {
  return ['active', 'activating', 'reloading'].includes(state?.active ?? '');
}

/** A block of `Name=value` lines for each unit, with an empty line between. */
export function parseStates(text: string): ReadonlyMap<string, LoadState> {
  const blocks = text.split(/\n\n+/).filter((block) => block.trim() !== '');
  return new Map(
    blocks.map((block) => {
      const values = new Map(
        block.split('\n').map((line): [string, string] => {
          const at = line.indexOf('=');
          return [line.slice(0, at), line.slice(at + 1)];
        }),
      );
      const status = values.get('ExecMainStatus');
      return [
        values.get('Id') ?? '',
        {
          isEnabled: (values.get('UnitFileState') ?? '').startsWith('enabled'),
          isStale: values.get('NeedDaemonReload') === 'yes',
          active: values.get('ActiveState') ?? 'unknown',
          result: values.get('Result') ?? '',
          exitCode: status === undefined || status === '' ? null : Number(status),
        },
      ];
    }),
  );
}
