import type { Context } from '../context.ts';
import { hostMemory } from '../host/memory.ts';
import { listServers } from '../registry/servers.ts';
import { listUsers } from '../registry/users.ts';
import { keptLimits } from '../registry/versions.ts';
import { findTemplate } from '../templates/catalog.ts';
import type { Template } from '../templates/schema.ts';
import { judge } from './judge.ts';
import { promisedTo, type Promised } from './promised.ts';

/** By catalog name or folder; undefined: there is none any more. */
type Templates = ReadonlyMap<string, Template | undefined>;

interface Admission<Result> {
  /** Writes rows; undone when it takes more than there is. */
  readonly change: () => Result;
  /** Templates of servers that it adds. */
  readonly templates?: Templates;
  /** Undo the change all the same: what comes of it is only asked for. */
  readonly rehearsal?: boolean;
}

/**
 * Makes a change to the registry that may take memory or servers, in one transaction with the look at
 * what was promised. Throws RefusedError (SERVERS_QUOTA, ADMISSION_MEMORY), and writes nothing then.
 */
export async function admitted<Result>(
  context: Context,
  { change, templates = new Map(), rehearsal = false }: Admission<Result>,
): Promise<Result> {
  const { registry, config } = context;
  const capacityBytes = hostMemory() * config.admission.memoryShare;
  const decide = (known: Templates): Result => {
    const before = promisedNow(context, known);
    const result = change();
    const refusal = judge({ before, after: promisedNow(context, known), capacityBytes });
    if (refusal) throw refusal;
    return result;
  };
  const known = new Map(templates);
  for (;;) {
    // Templates are read from disk, which takes too long for a transaction; a new one may come meanwhile.
    await learnTemplates(context, known);
    const inTransaction = () => {
      if (unknownTemplates(context, known).length > 0) return undefined;
      const outcome = { result: decide(known) };
      if (rehearsal) throw new Undone(outcome);
      return outcome;
    };
    const outcome = undoneOr(() => registry.transaction(inTransaction));
    if (outcome) return outcome.result;
  }
}

/** Thrown through a transaction, which undoes it. */
class Undone<Outcome> extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('undone');
    this.outcome = outcome;
  }
}

function undoneOr<Outcome>(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof Undone) return error.outcome as Outcome;
    throw error;
  }
}

/** What each user was promised. */
export async function readPromised(context: Context): Promise<readonly Promised[]> {
  const known = new Map<string, Template | undefined>();
  await learnTemplates(context, known);
  return promisedNow(context, known);
}

function promisedNow({ registry, config, clock }: Context, known: Templates): readonly Promised[] {
  const kept = keptLimits(registry);
  return promisedTo({
    users: listUsers(registry),
    servers: listServers(registry),
    // A server stays with its version, whatever became of the template since.
    asks: ({ id, template }) => kept.get(id) ?? known.get(template)?.limits,
    config,
    now: clock.now(),
  });
}

async function learnTemplates(
  context: Context,
  known: Map<string, Template | undefined>,
): Promise<void> {
  const read = unknownTemplates(context, known).map(async (reference) => {
    known.set(reference, await findTemplate(reference, context.assets).catch(() => undefined));
  });
  await Promise.all(read);
}

function unknownTemplates({ registry }: Context, known: Templates): string[] {
  return registry.db
    .prepare('SELECT DISTINCT template FROM servers')
    .all()
    .map((row) => row['template'] as string)
    .filter((reference) => !known.has(reference));
}
