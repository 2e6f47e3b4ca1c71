import type { CurrentUser } from './current.ts';
import { gone, type Operation } from './operation.ts';
import { policyChanges } from './policy-changes.ts';
import type { WantedUser } from './resolve.ts';

/** What makes of a user what they should be; of nobody, a new one. */
export function userOperations(
  name: string,
  current: CurrentUser | undefined,
  wanted: WantedUser,
): Operation[] {
  return [
    ...settingsOperations(name, current, wanted),
    ...newSecrets(name, current, wanted),
    // At once: what comes between could hide that it is to be done.
    ...restarts(name, current, wanted),
    ...serverOperations(name, current, wanted),
    // Last: a server that goes may still need it.
    ...oldSecrets(name, current, wanted),
  ];
}

function settingsOperations(
  subject: string,
  current: CurrentUser | undefined,
  { group, own }: WantedUser,
): Operation[] {
  if (!current) return [{ type: 'user.create', subject, cause: 'not found' }];
  const changes = [
    ...(current.group === group ? [] : [`group ${current.group ?? 'none'} → ${group ?? 'none'}`]),
    ...policyChanges(current.own, own),
  ];
  if (changes.length === 0) return [];
  return [{ type: 'user.update', subject, cause: changes.join(', ') }];
}

function newSecrets(
  user: string,
  current: CurrentUser | undefined,
  { secrets }: WantedUser,
): Operation[] {
  const present = current?.secrets ?? new Map<string, string | undefined>();
  return [...secrets].flatMap(([name, state]): Operation[] => {
    const subject = `${user}/${name}`;
    if (state.kind === 'kept') return [];
    if (!present.has(name)) return [{ type: 'secret.set', subject, cause: 'not found' }];
    if (state.kind === 'unread')
      return [{ type: 'secret.set', subject, cause: 'if its command prints another value' }];
    if (state.value === present.get(name)) return [];
    return [{ type: 'secret.set', subject, cause: 'another value' }];
  });
}

function oldSecrets(
  user: string,
  current: CurrentUser | undefined,
  { secrets }: WantedUser,
): Operation[] {
  const removed = [...(current?.secrets.keys() ?? [])].filter((name) => !secrets.has(name));
  return removed.map((name) => gone('secret.remove', `${user}/${name}`));
}

function serverOperations(
  user: string,
  current: CurrentUser | undefined,
  wanted: WantedUser,
): Operation[] {
  const present = current?.servers ?? new Map<string, never>();
  const isSame = (name: string) =>
    present.get(name)?.reference === wanted.servers.get(name)?.reference;
  const remove = [...present]
    .filter(([name]) => !isSame(name))
    .map(([name, { reference }]): Operation => {
      const subject = `${user}/${name}`;
      if (!wanted.servers.has(name)) return gone('server.remove', subject);
      return { type: 'server.remove', subject, cause: `made from ${reference}` };
    });
  const add = [...wanted.servers.keys()]
    .filter((name) => !isSame(name))
    .map((name): Operation => ({
      type: 'server.add',
      subject: `${user}/${name}`,
      cause: 'not found',
    }));
  return [...remove, ...add];
}

/** Of servers that run with another value of a secret, also when it was set by a command that was killed. */
function restarts(user: string, current: CurrentUser | undefined, wanted: WantedUser): Operation[] {
  return [...(current?.servers ?? [])].flatMap(([name, { reference, startedWith }]) => {
    const same = wanted.servers.get(name);
    if (same?.reference !== reference || startedWith === undefined) return [];
    const others = same.secrets.filter((secret) => {
      const state = wanted.secrets.get(secret);
      return state?.kind === 'value' && state.value !== startedWith.get(secret);
    });
    if (others.length === 0) return [];
    const cause = `runs with another value of ${others.join(', ')}`;
    return [{ type: 'server.restart' as const, subject: `${user}/${name}`, cause }];
  });
}
