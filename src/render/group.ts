import type {
  GroupChangeResult,
  GroupCreateResult,
  GroupListResult,
  GroupShowResult,
} from '../group/result.ts';
import { formatBytes } from '../policy/bytes.ts';
import { renderOperations } from './plan.ts';
import { renderFields, renderTable } from './table.ts';
import { minuteUtc } from './time.ts';

type GroupRow = GroupShowResult['group'];

export function renderGroupCreate({ changed, group }: GroupCreateResult): string {
  if (!changed) return `${group.name} is as asked; nothing changed.`;
  return `Made the group ${group.name}.\nPut users into it: mcpd group add ${group.name} USER`;
}

export function renderGroupChange({ changed, group, users }: GroupChangeResult): string {
  if (!changed) return `${group.name} is as asked; nothing changed.`;
  const operations = users.flatMap((user) => user.operations);
  const done = operations.length === 0 ? 'No container had to change.' : '';
  const members = `Members: ${group.members.join(', ') || 'none'}.`;
  return [`Updated ${group.name}.`, members, done || renderOperations(operations)].join('\n');
}

export function renderGroupList({ groups }: GroupListResult): string {
  if (groups.length === 0) return 'No groups yet. Make one: mcpd group create NAME';
  return renderTable(groups, [
    { header: 'name', cell: ({ name }) => name },
    { header: 'members', cell: ({ members }) => members.join(',') },
    { header: 'policy', cell: ({ policy }) => Object.keys(policy).join(',') },
  ]);
}

export function renderGroupShow({ group }: GroupShowResult): string {
  return renderFields([
    ['Name', group.name],
    ['Members', group.members.join(', ') || 'none'],
    ['Created', minuteUtc(group.createdAt)],
    ['Policy', policyLines(group).join('\n') || 'says nothing'],
  ]);
}

function policyLines({ policy }: GroupRow): string[] {
  return Object.entries(policy).map(([key, value]) => {
    if (key === 'memory' || key === 'storage') return `${key} ${formatBytes(Number(value))}`;
    return `${key} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
  });
}
