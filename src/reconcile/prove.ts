import { undisturbed, type Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { MadeMeanwhileError, PortTakenError } from '../engine/faults.ts';
import { EngineUnreachableError, McpdError, UnhealthyError } from '../errors.ts';
import { readIssuerKeys } from '../oidc/keys.ts';
import { trustedIssuer } from '../oidc/trust.ts';
import type { User } from '../registry/rows.ts';
import { keptVersion } from '../registry/versions.ts';
import { awaitServers, type Probed } from '../ready/servers.ts';
import { carryOut, type Work } from './carry-out.ts';
import type { ServerInputs } from './desired.ts';
import { noteVersions } from './note-versions.ts';
import type { Operation } from './plan.ts';
import { writeRuntime } from './write-runtime.ts';

type Commit = Extract<Operation, { type: 'server.commit' }>;

interface Proving extends Work {
  readonly inputs: readonly ServerInputs[];
  /** Servers to wait for. Of one that isn't waited for the new container is taken unproven. */
  readonly probed: readonly Probed[];
  /** Keys of servers that are moved to a newer version. */
  readonly newest?: ReadonlySet<string> | undefined;
  readonly timeoutMs: number;
}

/** Carries a plan out but for what has to be proven first. After a failure what was replaced comes back. */
export async function act(context: Context, engine: Engine, work: Proving): Promise<void> {
  const operations = work.operations.filter((operation) => !isCommit(operation));
  try {
    await carryOut(context, engine, { ...work, operations });
  } catch (error) {
    throw await rollBack(context, engine, {
      work,
      commits: work.operations.filter(isCommit),
      error,
    });
  }
}

/**
 * Waits until the servers are ready; gives the ids of those that are. A container that was replaced goes
 * once its follower is ready; else that one goes, and the one of before comes back. Throws UnhealthyError,
 * with the last lines of the log; RefusedError for a newer version that replaces no container and takes too much.
 */
export async function prove(
  context: Context,
  engine: Engine,
  work: Proving,
): Promise<ReadonlySet<string>> {
  const { user, probed, timeoutMs } = work;
  const awaited = await awaitServers(context, engine, { user, probed, timeoutMs });
  const { ready, failures } = await noteVersions(context, awaited, work);
  const commits = work.operations.filter(isCommit);
  const failed = commits.filter((commit) => failures.has(serverOf(work, commit)?.id ?? ''));
  const [error] = failures.values();
  // First, since after Ctrl-C no commit is made any more.
  const told =
    error === undefined
      ? undefined
      : await rollBack(context, engine, { work, commits: failed, error });
  const operations = commits.filter((commit) => !failed.includes(commit));
  await carryOut(context, engine, { ...work, operations });
  if (told !== undefined) throw told;
  return ready;
}

export function isCommit(operation: Operation): operation is Commit {
  return operation.type === 'server.commit';
}

interface Failure {
  readonly work: Proving;
  /** Of the replacements to take back. */
  readonly commits: readonly Commit[];
  readonly error: unknown;
}

/** Puts back what was replaced, also after Ctrl-C. Gives what to tell of it. */
async function rollBack(
  context: Context,
  engine: Engine,
  { work, commits, error }: Failure,
): Promise<unknown> {
  if (commits.length === 0 || error instanceof EngineUnreachableError) return error;
  const revived = await Promise.allSettled(
    commits.map((commit) => revive(undisturbed(context), engine, work, commit)),
  );
  const lost = commits.filter((_, index) => revived[index]?.status === 'rejected');
  const isAnswered = error instanceof PortTakenError || error instanceof MadeMeanwhileError;
  // Those of which `converge` tries again.
  if (!(error instanceof McpdError) || isAnswered) return error;
  const keys = (some: readonly Commit[]) => some.map(({ key }) => key).join(', ');
  const fate =
    lost.length === 0
      ? `${keys(commits)} runs in the container of before again.`
      : `${keys(lost)} was put back into the container of before, but is not ready there either.`;
  return new UnhealthyError(`${fate} The new one failed: ${error.message}`, {
    code: 'ROLLED_BACK',
    suggestions: [
      `mcpd plan ${work.user.name} says whether mcpd up would try it again`,
      ...error.suggestions.filter((suggestion) => !suggestion.startsWith('mcpd logs')),
    ],
    cause: error,
  });
}

/** Starts the container of before, and waits until it is ready where that is asked for. */
async function revive(
  context: Context,
  engine: Engine,
  work: Proving,
  commit: Commit,
): Promise<void> {
  const { key, containerId, staged } = commit;
  const cause = 'its follower failed';
  await engine.apply({ type: 'server.remove', key, containerId: staged, cause });
  const server = serverOf(work, commit);
  const input = work.inputs.find((one) => one.server.id === server?.id);
  if (input) await writeBefore(context, work.user, input);
  await engine.apply({ type: 'server.start', key, containerId, cause });
  const probed = work.probed.filter((one) => one.server.id === server?.id);
  const { user, timeoutMs } = work;
  const { failures } = await awaitServers(context, engine, { user, probed, timeoutMs });
  for (const error of failures.values()) throw error;
}

/** What the container of before mounts: its bridge's settings, and its secrets, which may be other ones. */
async function writeBefore(context: Context, user: User, input: ServerInputs): Promise<void> {
  const { server, bridgeBefore: bridge } = input;
  if (bridge === undefined) return;
  const { home, registry, config } = context;
  const keys = readIssuerKeys(home, config.oidc.issuer);
  const issuer = trustedIssuer({ oidc: config.oidc, keys, user });
  const template = keptVersion(registry, server.id)?.template ?? input.template;
  await writeRuntime(context, { user, issuer }, { server, template, bridge, unmounted: false });
}

function serverOf({ user, inputs }: Proving, { key }: Commit) {
  return inputs.find(({ server }) => `${user.name}/${server.name}` === key)?.server;
}
