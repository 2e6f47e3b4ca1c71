import type * as z from 'zod';
import { undisturbed, type Context } from '../context.ts';
import { UnhealthyError } from '../errors.ts';
import { requireEnforceable } from '../firewall/protect.ts';
import { egressText } from '../policy/egress.ts';
import { converge } from '../reconcile/converge.ts';
import { whyOver } from '../registry/lifetime.ts';
import type { User } from '../registry/rows.ts';
import { userExists } from '../registry/user-request.ts';
import { findUser } from '../registry/users.ts';
import { requireUp } from '../server/target.ts';
import { requireEnforceableStorage } from '../storage/enforceable.ts';
import { findTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import { publishTokens } from '../tokens/change.ts';
import { createToken } from '../tokens/make.ts';
import { listTokens } from '../tokens/store.ts';
import type { AddRequest } from './add-request.ts';
import { confirmSame } from './confirm-same.ts';
import { describeUserAndServers } from './describe.ts';
import { withUserLease } from './lease.ts';
import { requireBelowMaximum, requireProcessors, requireSecrets } from './preconditions.ts';
import { addMissingSecrets, readInUse, registerUser, type Registration } from './register.ts';
import { erase } from './erase.ts';
import { eraseOver, removeSomeOver } from './over.ts';
import type { userAddResult } from './result.ts';

export type AddResult = z.infer<typeof userAddResult>;

/**
 * Makes a user with their servers, and starts them. Asked again for the same, it changes nothing but what has
 * drifted, and finishes what a killed one began. Throws ConflictError when the user exists otherwise than
 * asked.
 */
export async function addUser(context: Context, request: AddRequest): Promise<AddResult> {
  // Read meanwhile; only who needs it meets its errors.
  const inUse = readInUse(context);
  inUse.catch(() => undefined);
  const templates = await Promise.all(
    (request.templates ?? ['filesystem']).map((name) => findTemplate(name, context.assets)),
  );
  const { own } = request;
  if (own.egress !== undefined) requireEnforceable(context, egressText.parse(own.egress));
  if (own.storage) requireEnforceableStorage(context, request.workspace);
  requireBelowMaximum(context.config, own);
  await removeSomeOver(context);
  return withUserLease(context, request.name, async ({ fence }) => {
    const existing = await findLasting(context, request.name);
    if (existing && request.owner) throw userExists(request.name);
    if (existing) return addAgain(context, request, existing, templates);
    return addNew(context, { request, templates, inUse: await inUse, fence });
  });
}

/** The user of this name, unless their time is over: such a one makes room. */
async function findLasting(context: Context, name: string): Promise<User | undefined> {
  const user = findUser(context.registry, name);
  if (!user || whyOver(context.registry, user) === undefined) return user;
  await eraseOver(context, user);
  return undefined;
}

async function addAgain(
  context: Context,
  request: AddRequest,
  user: User,
  templates: readonly Template[],
): Promise<AddResult> {
  await confirmSame(context, { request, user, templates });
  requireUp(user);
  await addMissingSecrets(context, request, user);
  const converged = await converge(context, user.id, {
    waitMs: request.start ? request.timeoutMs : undefined,
  });
  // Only a command that ended before it was done made none at all.
  const isUnfinished = listTokens(context.registry, user.id).length === 0;
  const token = isUnfinished ? await firstToken(context, user) : null;
  return {
    changed: converged.changed || isUnfinished,
    token,
    ...describeUserAndServers(context, user.id, converged),
  };
}

async function addNew(context: Context, registration: Registration): Promise<AddResult> {
  const { request, templates } = registration;
  requireSecrets(request, templates);
  await requireProcessors(context, request.own);
  const user = await registerUser(context, registration);
  try {
    const converged = await converge(context, user.id, {
      waitMs: request.start ? request.timeoutMs : undefined,
      isNew: true,
    });
    const token = request.withToken === false ? null : await firstToken(context, user);
    return { changed: true, token, ...describeUserAndServers(context, user.id, converged) };
  } catch (error) {
    // A server that won't get ready is kept, so that its log can be read. Anything else is undone.
    if (error instanceof UnhealthyError) throw withNextSteps(error, user);
    await undo(context, user);
    throw error;
  }
}

async function firstToken(context: Context, user: User): Promise<string> {
  const { jwt } = await createToken(context, { user, name: 'default' });
  publishTokens(context, user);
  return jwt;
}

// The first error says what went wrong; one met while undoing must not hide it.
async function undo(context: Context, user: User): Promise<void> {
  await erase(undisturbed(context), user, { purge: true, quarantine: false }).catch(() => {
    context.progress.notice(`${user.name} is half made. mcpd up removes what is left.`);
  });
}

function withNextSteps(error: UnhealthyError, user: User): UnhealthyError {
  return new UnhealthyError(error.message, {
    code: error.code,
    suggestions: [
      ...error.suggestions,
      `mcpd token create ${user.name}, once it works`,
      `mcpd user remove ${user.name} --yes`,
    ],
    cause: error.cause,
  });
}
