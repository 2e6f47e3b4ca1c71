import { counted } from '../counted.ts';
import { RefusedError } from '../errors.ts';
import { formatBytes } from '../policy/bytes.ts';
import { promisedMemory, type Promised } from './promised.ts';

interface Change {
  readonly before: readonly Promised[];
  readonly after: readonly Promised[];
  /** Bytes that may be promised to all together. */
  readonly capacityBytes: number;
}

/**
 * Why a change may not be made: it gives somebody more servers than they may have, or promises more
 * memory than there is. What takes nothing more is never refused, also where too much is promised
 * already. Pure.
 */
export function judge({ before, after, capacityBytes }: Change): RefusedError | undefined {
  const former = new Map(before.map((promised) => [promised.user.id, promised]));
  for (const promised of after) {
    const { servers, mostServers } = promised;
    const isMore = servers > (former.get(promised.user.id)?.servers ?? 0);
    if (isMore && mostServers !== null && servers > mostServers) return tooManyServers(promised);
  }
  const present = promisedMemory(before);
  const more = promisedMemory(after) - present;
  if (more <= 0 || present + more <= capacityBytes) return undefined;
  const who = after
    .filter(({ user, memoryBytes }) => memoryBytes > (former.get(user.id)?.memoryBytes ?? 0))
    .map(({ user }) => user.name);
  return noMemory(who, { more, present, capacityBytes });
}

function tooManyServers({ user, servers, mostServers }: Promised): RefusedError {
  return new RefusedError(
    `${user.name} would have ${counted(servers, 'server')}, of at most ${mostServers}.`,
    {
      code: 'SERVERS_QUOTA',
      suggestions: [
        `mcpd user show ${user.name} --effective, for who says so`,
        `mcpd user update ${user.name} --max-servers ${servers}`,
        `mcpd server list ${user.name}`,
      ],
    },
  );
}

function noMemory(
  who: readonly string[],
  bytes: { readonly more: number; readonly present: number; readonly capacityBytes: number },
): RefusedError {
  const { more, present, capacityBytes } = bytes;
  const names =
    who.length > 3 ? `${who.slice(0, 2).join(', ')} and ${who.length - 2} more` : who.join(', ');
  return new RefusedError(
    `${names} would need ${formatBytes(more)}; ${formatBytes(present)} of ${formatBytes(capacityBytes)} are promised.`,
    {
      code: 'ADMISSION_MEMORY',
      suggestions: [
        'mcpd capacity shows who has what',
        'Ask for less with --memory, or stop servers: mcpd stop USER',
        'mcpd config set admission.memoryShare NUMBER promises more than there is',
      ],
    },
  );
}
