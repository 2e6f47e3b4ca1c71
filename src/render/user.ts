import type * as z from 'zod';
import { formatBytes } from '../policy/bytes.ts';
import type {
  effectiveResult,
  RunRemoveResult,
  userAddResult,
  userListResult,
  UserRemoveResult,
  userRenameResult,
  UserResult,
  userShowResult,
  UserUpdateResult,
} from '../user/result.ts';
import type { StorageUsage } from '../storage/usage.ts';
import { limitsText } from './limits.ts';
import { renderOperations } from './plan.ts';
import { renderServers } from './server.ts';
import { renderFields, renderTable } from './table.ts';
import { minuteUtc } from './time.ts';

type UserShow = z.infer<typeof userShowResult>;
type Approval = UserShow['approvals'][number];

export function renderUserAdd(result: z.infer<typeof userAddResult>): string {
  const { user, servers, token, changed } = result;
  if (!changed) return `${user.name} is as asked; nothing changed.\n\n${renderServers(servers)}`;
  const lines = [renderServers(servers), ''];
  if (token === null) return [...lines, `Connect: mcpd connect ${user.name}`].join('\n');
  return [
    ...lines,
    renderFields([
      ['Workspace', user.workspace],
      ['Token', token],
    ]),
    '',
    `The token is shown only now. Connect a client: mcpd connect ${user.name}`,
  ].join('\n');
}

export function renderUserUpdate({ user, changed, operations }: UserUpdateResult): string {
  if (!changed) return `${user.name} is as asked; nothing changed.`;
  const done = operations.length === 0 ? 'No container had to change.' : '';
  return [`Updated ${user.name}.`, done || renderOperations(operations)].join('\n');
}

export function renderUserRename(result: z.infer<typeof userRenameResult>): string {
  const { user, changed, before } = result;
  if (!changed) return `${user.name} has that name already; nothing changed.`;
  return `${before} is now ${user.name}. Addresses, tokens, files and secrets are the same.`;
}

export function renderUserRemove({ removed, workspace, image }: UserRemoveResult): string {
  if (workspace === null) return `Removed ${removed} and its workspace.`;
  if (image !== null) {
    return [
      `Removed ${removed}. The disk has no room to unpack its workspace; the files are in ${image}`,
      `See them: mount -o loop,nosuid,nodev,minixdf ${image} ${workspace}`,
      `Then use them again: mcpd user add ${removed} --workspace ${workspace}`,
    ].join('\n');
  }
  return [
    `Removed ${removed}. Its workspace was kept: ${workspace}`,
    `Use it again: mcpd user add ${removed} --workspace ${workspace}`,
  ].join('\n');
}

export function renderRunRemove({ users, runId }: RunRemoveResult): string {
  return users.length === 0 ? `Nobody is of run ${runId}.` : users.map(renderUserRemove).join('\n');
}

export function renderUserList({ users }: z.infer<typeof userListResult>): string {
  if (users.length === 0) return 'No users yet. Add one: mcpd user add NAME';
  const hasRuns = users.some(({ runId }) => runId !== null);
  return renderTable(users, [
    { header: 'name', cell: ({ name }) => name },
    { header: 'servers', cell: ({ servers }) => String(servers), align: 'right' },
    { header: 'ports', cell: ({ ports }) => `${ports.start}-${ports.end}` },
    { header: 'subnet', cell: ({ network }) => network.subnet },
    { header: 'uid', cell: ({ uid }) => String(uid), align: 'right' },
    { header: 'memory', cell: ({ limits }) => formatBytes(limits.memoryBytes), align: 'right' },
    { header: 'cpus', cell: ({ limits }) => String(limits.cpus), align: 'right' },
    { header: 'group', cell: ({ group }) => group ?? '' },
    { header: 'egress', cell: ({ egress }) => egress },
    ...(hasRuns ? [{ header: 'run', cell: (user: UserResult) => user.runId ?? '' }] : []),
    { header: 'state', cell: ({ down }) => (down ? 'down' : 'up') },
  ]);
}

export function renderUserShow(result: UserShow): string {
  const { user, servers, secrets, storage, guarantees, approvals, effective } = result;
  if (effective) return renderEffective(effective);
  const approved = approvals.map(approvalLine);
  return [
    renderFields([
      ...userFields(user),
      ['Approved', approved.length === 0 ? undefined : approved.join('\n')],
      ['Storage', describeStorage(storage)],
      ['Secrets', secrets.join(', ') || 'none'],
      ['Not enforced', missing(guarantees)],
    ]),
    '',
    renderServers(servers),
  ].join('\n');
}

const promises = [
  ['uidSeparation', 'a uid apart from its bridge’s'],
  ['ownUid', 'a uid apart from other users’'],
  ['egressEnforced', 'egress'],
  ['limitsEnforced', 'caps'],
  ['storageEnforced', 'the quota'],
] as const;

function missing(guarantees: UserShow['guarantees']): string | undefined {
  const broken = promises.filter(([key]) => !guarantees[key]).map(([, what]) => what);
  return broken.length === 0 ? undefined : `${broken.join(', ')} (why: mcpd doctor)`;
}

type Effective = z.infer<typeof effectiveResult>;
type EffectiveRow = Effective['user'][number] & { readonly server?: string };

function renderEffective({ user, servers }: Effective): string {
  const own = servers.flatMap(({ server, differences }) =>
    differences.map((row) => ({ ...row, server })),
  );
  const rows: EffectiveRow[] = [...user, ...own];
  return renderTable(rows, [
    {
      header: 'setting',
      cell: ({ setting, server }) => (server === undefined ? setting : `${setting} (${server})`),
    },
    { header: 'value', cell: effectiveText },
    { header: 'from', cell: ({ from }) => from ?? '' },
  ]);
}

function effectiveText({ setting, value }: EffectiveRow): string {
  if (value === null) return '';
  if (setting === 'memory' || setting === 'storage') return formatBytes(Number(value));
  return Array.isArray(value) ? value.join(',') || 'nothing' : String(value);
}

function approvalLine({ template, risk, reason, approvedBy, approvedAt }: Approval): string {
  return `${template} (${risk}) by ${approvedBy}, ${approvedAt.slice(0, 10)}: ${reason}`;
}

function describeStorage({ quotaBytes, usedBytes, enforced }: StorageUsage): string | undefined {
  const used = usedBytes === null ? undefined : `${formatBytes(usedBytes)} used`;
  if (quotaBytes === null) return used;
  const quota = `${used ?? 'use unknown'} of ${formatBytes(quotaBytes)}`;
  return enforced ? quota : `${quota} (not enforced)`;
}

function userFields(user: UserResult): [string, string | undefined][] {
  const { limits, ports, network } = user;
  return [
    ['Name', user.name],
    ['Id', user.id],
    ['Uid', user.osUser === null ? String(user.uid) : `${user.uid} (${user.osUser})`],
    ['Workspace', user.workspace],
    ['Ports', `${ports.start}-${ports.end}`],
    ['Network', `${network.name} (${network.subnet})`],
    ['Group', user.group ?? undefined],
    ['Egress', user.egress],
    ['Limits', limitsText(limits)],
    ['Created', minuteUtc(user.createdAt)],
    ['Expires', user.expiresAt ? minuteUtc(user.expiresAt) : undefined],
    ['Run', user.runId ?? undefined],
    ['State', user.down ? `down: mcpd up ${user.name}` : undefined],
  ];
}
