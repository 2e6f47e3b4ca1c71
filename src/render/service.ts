import type {
  ServiceInstallResult,
  ServiceRemoveResult,
  ServiceStatusResult,
} from '../service/result.ts';
import { renderTable } from './table.ts';

export function renderServiceInstall(
  { changed, units, commands }: ServiceInstallResult,
  { print }: { readonly print: boolean },
): string {
  if (print) return units.map(({ path, text }) => `# ${path}\n${text}`).join('\n');
  if (!changed) return 'The units are as they should be; nothing changed.';
  const written = units.filter((unit) => unit.written).map(({ path }) => `Wrote ${path}`);
  const next = commands.length === 0 ? [] : ['', 'How it goes: mcpd service status'];
  return [...written, ...commands.map((command) => `Ran ${command}`), ...next].join('\n');
}

export function renderServiceRemove({ changed, units, commands }: ServiceRemoveResult): string {
  if (!changed) return 'No units of this home are installed.';
  const removed = units.filter((unit) => unit.removed).map(({ path }) => `Removed ${path}`);
  return [...commands.map((command) => `Ran ${command}`), ...removed].join('\n');
}

type Row = ServiceStatusResult['units'][number];

const files = {
  same: 'up to date',
  different: 'differs',
  missing: 'missing',
  foreign: 'not mcpd’s',
} as const;

export function renderServiceStatus({ running, installed, units }: ServiceStatusResult): string {
  const table = renderTable(units, [
    { header: 'unit', cell: ({ name }) => name },
    { header: 'file', cell: ({ file }) => files[file] },
    {
      header: 'enabled',
      cell: ({ enabled }) => (enabled === null ? '' : enabled ? 'yes' : 'no'),
    },
    { header: 'active', cell: ({ active }) => active ?? '' },
    { header: 'last result', cell: describeResult },
  ]);
  const verdict = !running
    ? 'No systemd runs here.'
    : installed
      ? ''
      : 'Put right what differs: mcpd service install. Why one failed: journalctl -u UNIT';
  return verdict === '' ? table : `${table}\n\n${verdict}`;
}

function describeResult({ result, exitCode }: Row): string {
  return result === 'exit-code' && exitCode !== null ? `exit code ${exitCode}` : (result ?? '');
}
