import type { CapacityResult } from '../admission/capacity.ts';
import { formatBytes } from '../policy/bytes.ts';
import { renderFields, renderTable } from './table.ts';

export function renderCapacity({ memory, cpus, users }: CapacityResult): string {
  const { totalBytes, capacityBytes, promisedBytes, freeBytes } = memory;
  const summary = renderFields([
    ['Memory', formatBytes(totalBytes)],
    ['May be promised', capacityBytes === totalBytes ? undefined : formatBytes(capacityBytes)],
    ['Promised', formatBytes(promisedBytes)],
    ['Free', freeBytes < 0 ? `-${formatBytes(-freeBytes)}` : formatBytes(freeBytes)],
    ['CPUs promised', String(cpus)],
  ]);
  if (users.length === 0) return summary;
  const table = renderTable(users, [
    { header: 'user', cell: ({ user }) => user },
    { header: 'group', cell: ({ group }) => group ?? '' },
    { header: 'memory', cell: (row) => formatBytes(row.memoryBytes), align: 'right' },
    { header: 'cpus', cell: (row) => String(row.cpus), align: 'right' },
    { header: 'running', cell: ({ running }) => String(running), align: 'right' },
    { header: 'servers', cell: serversText, align: 'right' },
  ]);
  return `${summary}\n\n${table}`;
}

function serversText({ servers, mostServers }: CapacityResult['users'][number]): string {
  return mostServers === null ? String(servers) : `${servers} of ${mostServers}`;
}
