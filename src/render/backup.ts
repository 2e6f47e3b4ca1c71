import type { BackupResult, KeygenResult, MoveResult, RestoreResult } from '../backup/result.ts';
import { formatBytes } from '../policy/bytes.ts';
import { renderTable } from './table.ts';
import { printable } from './width.ts';

type RestoredUser = Omit<RestoreResult['users'][number], 'remapped'>;

export function renderKeygen({ file, recipient }: KeygenResult): string {
  return [
    `The key is in ${file}. Keep it away from this machine: it opens the backups.`,
    `For a backup: mcpd backup FILE --recipient ${recipient}`,
  ].join('\n');
}

export function renderBackup({ file, bytes, whole, users, notices }: BackupResult): string {
  const what = whole ? 'the whole home' : users.map(({ user }) => user).join(', ');
  const table = renderTable(users, [
    { header: 'user', cell: ({ user }) => user },
    { header: 'files', cell: (row) => String(row.files), align: 'right' },
    { header: 'size', cell: (row) => formatBytes(row.bytes), align: 'right' },
  ]);
  const lines = [`Wrote ${file} (${formatBytes(bytes)}) of ${what}.`];
  if (users.length > 0) lines.push('', table);
  return [...lines, ...renderNotices(notices)].join('\n');
}

function renderNotices({ first, count }: BackupResult['notices']): string[] {
  if (count === 0) return [];
  const more = count > first.length ? [`… and ${count - first.length} more`] : [];
  // Tenants name their files.
  return ['', ...first.map(({ path, what }) => printable(`${path}: ${what}`)), ...more];
}

export function renderUserCopy(result: RestoreResult): string {
  const [user = ''] = result.users.map((one) => one.user);
  return [
    renderUsers(result),
    ...renderNotices(result.notices),
    '',
    `A token for ${user}: mcpd token create ${user} --name default`,
  ].join('\n');
}

export function renderUserMove(result: MoveResult): string {
  const { before, home, user, remapped, groups, left } = result;
  return [
    `Moved ${before.name} from ${before.home} to ${home}:`,
    '',
    renderUsers({ users: [result] }),
    ...(remapped.length > 0 ? ['', ...remapped.map(renderRemapped)] : []),
    ...(groups.length > 0 ? ['', `Groups made: ${groups.join(', ')}`] : []),
    ...(left === null ? [] : ['', `Copied, and left as it is: ${left}`]),
    ...renderNotices(result.notices),
    '',
    `A new token is needed: MCPD_HOME=${home} mcpd token create ${user} --name default`,
  ].join('\n');
}

function renderRemapped({ what, from, to }: MoveResult['remapped'][number]): string {
  return `${what} ${from} → ${to}`;
}

function renderUsers({ users }: { readonly users: readonly RestoredUser[] }): string {
  return renderTable(users, [
    { header: 'user', cell: ({ user }) => user },
    { header: 'servers', cell: ({ servers }) => servers.map(({ name }) => name).join(', ') },
    { header: 'ports', cell: ({ ports }) => `${ports.start}-${ports.end}` },
    { header: 'subnet', cell: ({ subnet }) => subnet },
    { header: 'uid', cell: ({ uid }) => String(uid), align: 'right' },
    { header: 'tokens', cell: ({ tokens }) => tokens },
  ]);
}

export function renderRestore(result: RestoreResult): string {
  const { users, dryRun, expired, groups, takenAt } = result;
  const moved = users.flatMap(({ user, remapped }) =>
    remapped.map((change) => `${user}: ${renderRemapped(change)}`),
  );
  return [
    dryRun
      ? `The backup of ${takenAt} is good. This would be restored:`
      : `Restored from ${takenAt}:`,
    ...(users.length > 0 ? ['', renderUsers(result)] : []),
    ...(moved.length > 0 ? ['', ...moved] : []),
    ...(groups.length > 0 ? ['', `Groups made: ${groups.join(', ')}`] : []),
    ...(expired.length > 0 ? ['', `Left out, their time is over: ${expired.join(', ')}`] : []),
    ...renderNotices(result.notices),
    ...nextSteps(result),
  ].join('\n');
}

function nextSteps({ users, home, dryRun }: RestoreResult): string[] {
  if (dryRun) return [];
  const without = users.filter(({ tokens }) => tokens === 'not kept').map(({ user }) => user);
  const kept = users.some(({ tokens }) => tokens === 'kept');
  return [
    ...(home === 'taken over' ? ['', 'This home took over: keep the old one from starting.'] : []),
    ...(kept ? ['', 'Tokens revoked since the backup work again: mcpd token list USER'] : []),
    ...without.map((user) => `New tokens are needed: mcpd token create ${user} --name NAME`),
  ];
}
