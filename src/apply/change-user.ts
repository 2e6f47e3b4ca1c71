import type { Context } from '../context.ts';
import { removeUserSecret, setUserSecret } from '../secrets/change.ts';
import { addServerToUser, removeServerFromUser } from '../server/change.ts';
import { setRunState } from '../server/run-state.ts';
import { addUser } from '../user/add.ts';
import { updateUserSettings } from '../user/update.ts';
import type { Operation } from './operation.ts';
import type { Plan } from './plan.ts';
import type { Wanted, WantedUser } from './resolve.ts';

interface Work {
  readonly plan: Plan;
  readonly wanted: Wanted;
  readonly timeoutMs: number;
}

interface Change {
  readonly name: string;
  readonly user: WantedUser;
  readonly timeoutMs: number;
}

/** Carries out what is to be done for one user. */
export async function changeUser(
  context: Context,
  name: string,
  { plan, wanted, timeoutMs }: Work,
): Promise<void> {
  const user = wanted.users.get(name);
  const operations = plan.users.get(name) ?? [];
  if (!user) return;
  const change = { name, user, timeoutMs };
  if (operations.some(({ type }) => type === 'user.create')) {
    await create(context, change);
    return;
  }
  for (const operation of operations) {
    context.signal.throwIfAborted();
    await steps[operation.type]?.(context, change, operation.subject.slice(name.length + 1));
  }
}

/** All at once, which is faster, and undone as a whole. */
function create(context: Context, { name, user, timeoutMs }: Change): Promise<unknown> {
  const servers = [...user.servers.values()];
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

type Step = (context: Context, change: Change, name: string) => Promise<unknown>;

/** What is done to a user whom there is; `name` is that of a server or a secret. */
const steps: { readonly [Type in Operation['type']]?: Step } = {
  'user.update': (context, { name, user: { own, group }, timeoutMs }) =>
    updateUserSettings(context, { name, policy: { replacement: own }, group, timeoutMs }),

  'server.add': (context, { name: userName, user, timeoutMs }, name) => {
    const { reference: template = name, approval } = user.servers.get(name) ?? {};
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
