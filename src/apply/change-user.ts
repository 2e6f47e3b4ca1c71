import type { Context } from '../context.ts';
import { EngineError, UnhealthyError } from '../errors.ts';
import { listServers } from '../registry/servers.ts';
import { findUser } from '../registry/users.ts';
import { keptVersion } from '../registry/versions.ts';
import { removeUserSecret, setUserSecret } from '../secrets/change.ts';
import { addServerToUser, removeServerFromUser } from '../server/change.ts';
import { setRunState } from '../server/run-state.ts';
import { addUser } from '../user/add.ts';
import { updateUserSettings } from '../user/update.ts';
import type { Report } from './attempt.ts';
import type { Operation } from './operation.ts';
import type { Plan } from './plan.ts';
import type { Wanted, WantedUser } from './resolve.ts';

interface Work {
  readonly plan: Plan;
  readonly wanted: Wanted;
  /** Templates whose images could not be built, by catalog name or folder. */
  readonly unbuilt: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly report: Report;
}

interface Change extends Pick<Work, 'unbuilt' | 'timeoutMs'> {
  readonly name: string;
  readonly user: WantedUser;
}

/** Carries out what is to be done for one user, up to what fails. */
export async function changeUser(
  context: Context,
  name: string,
  { plan, wanted, unbuilt, timeoutMs, report }: Work,
): Promise<void> {
  const user = wanted.users.get(name);
  const operations = plan.users.get(name) ?? [];
  if (!user) return;
  const change = { name, user, unbuilt, timeoutMs };
  if (operations.some(({ type }) => type === 'user.create')) {
    await create(context, change).catch((error: unknown) => {
      if (error instanceof UnhealthyError) reportKept(context, { name, operations, report });
      throw error;
    });
    return;
  }
  for (const operation of operations) {
    context.signal.throwIfAborted();
    await steps[operation.type]?.(context, change, operation.subject.slice(name.length + 1));
    report(operation, 'done');
  }
}

/** A user one of whose servers won't get ready is kept, with all that they have. */
function reportKept(
  { registry }: Context,
  { name, operations, report }: { name: string; operations: readonly Operation[]; report: Report },
): void {
  const servers = listServers(registry, findUser(registry, name)?.id ?? '');
  const ready = new Set(
    servers.filter(({ id }) => keptVersion(registry, id)).map((server) => `${name}/${server.name}`),
  );
  for (const operation of operations) {
    const isUnready = operation.type === 'server.add' && !ready.has(operation.subject);
    report(operation, isUnready ? 'failed' : 'done');
  }
}

/** All at once, which is faster, and undone as a whole. */
async function create(
  context: Context,
  { name, user, unbuilt, timeoutMs }: Change,
): Promise<unknown> {
  const servers = [...user.servers.values()];
  for (const [server, { reference }] of user.servers) {
    if (unbuilt.has(reference)) throw imageMissing(server);
  }
  return addUser(context, {
    name,
    templates: servers.map(({ reference }) => reference),
    workspace: user.workspace,
    osUser: user.osUser,
    own: user.own,
    group: user.group ?? undefined,
    approval: new Map(
      servers.flatMap(({ reference, approval }) =>
        approval === undefined ? [] : [[reference, approval] as const],
      ),
    ),
    secrets: new Map(
      [...user.secrets].flatMap(([secret, state]) =>
        state.kind === 'value' ? [[secret, state.value] as const] : [],
      ),
    ),
    ttlMs: undefined,
    start: true,
    // It could not be shown.
    withToken: false,
    timeoutMs,
  });
}

/** It isn't tried again for each who would need it. */
function imageMissing(template: string): EngineError {
  return new EngineError(`The image of ${template} could not be built.`, {
    code: 'IMAGE_BUILD_FAILED',
  });
}

type Step = (context: Context, change: Change, name: string) => Promise<unknown>;

/** What is done to a user whom there is; `name` is that of a server or a secret. */
const steps: { readonly [Type in Operation['type']]?: Step } = {
  'user.update': (context, { name, user: { own, group }, timeoutMs }) =>
    updateUserSettings(context, {
      name,
      policy: { replacement: own },
      group: () => group,
      timeoutMs,
    }),

  'server.add': async (context, { name: userName, user, unbuilt, timeoutMs }, name) => {
    const { reference: template = name, approval } = user.servers.get(name) ?? {};
    if (unbuilt.has(template)) throw imageMissing(name);
    return addServerToUser(context, { userName, template, approval, start: true, timeoutMs });
  },

  'server.remove': (context, { name: userName }, serverName) =>
    removeServerFromUser(context, { userName, serverName }),

  'server.restart': (context, { name: user, timeoutMs }, server) =>
    setRunState(context, { target: { user, server }, verb: 'restart', timeoutMs }),

  'secret.set': async (context, { name: userName, user }, name) => {
    const state = user.secrets.get(name);
    if (state?.kind !== 'value') return;
    await setUserSecret(context, { userName, name, value: Buffer.from(state.value) });
  },

  'secret.remove': (context, { name: userName }, name) =>
    removeUserSecret(context, { userName, name }),
};
