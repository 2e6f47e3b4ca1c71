import { admitted } from '../admission/admit.ts';
import type { Context } from '../context.ts';
import { RefusedError } from '../errors.ts';
import type { Awaited } from '../ready/servers.ts';
import type { User } from '../registry/rows.ts';
import { keepVersion } from '../registry/versions.ts';
import type { ServerInputs } from './desired.ts';

interface Noting {
  readonly user: User;
  readonly inputs: readonly ServerInputs[];
  /** Keys of servers that were moved to a newer version. */
  readonly newest?: ReadonlySet<string> | undefined;
}

/**
 * Notes with what servers are ready, before the containers of before are gone, so that a killed command is never
 * gone back on. A newer version that asks for more memory than is left counts as failed: somebody else may have
 * been promised it since it was begun.
 */
export async function noteVersions(
  context: Context,
  { ready, failures }: Awaited,
  { user, inputs, newest }: Noting,
): Promise<Awaited> {
  const refused = new Map<string, unknown>();
  for (const { server, template, image } of inputs.filter((one) => ready.has(one.server.id))) {
    const change = () => keepVersion(context.registry, server.id, { template, image });
    try {
      if (newest?.has(`${user.name}/${server.name}`)) await admitted(context, { change });
      else change();
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refused.set(server.id, error);
    }
  }
  return {
    ready: new Set([...ready].filter((id) => !refused.has(id))),
    failures: new Map([...failures, ...refused]),
  };
}
