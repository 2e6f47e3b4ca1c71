import { setTimeout as delay } from 'node:timers/promises';
import type { McpdError } from '../../errors.ts';
import { MadeMeanwhileError, NameTakenError } from '../faults.ts';
import { labels } from '../labels.ts';
import { hasStatus } from './errors.ts';

type Labels = Readonly<Record<string, string>>;

/** What only one object can have. */
export interface Claim {
  /** Of the engine's answer when there is such an object already. */
  readonly status: number;
  /** Labels of the object that has it; undefined while none can be seen. */
  holder(): Promise<Labels | undefined>;
  /** Whether that object is the one that was to be created. */
  isOurs(holder: Labels): boolean;
  /** What to throw when it is a stranger's. */
  taken(cause: unknown): McpdError;
}

interface Creation<Created> {
  readonly name: string;
  readonly claims: readonly Claim[];
  create(): Promise<Created>;
}

const pollMs = 50;
const patienceMs = 5_000;

/**
 * Creates what claims a name, or a subnet. The engine reserves these before anything can be seen of the
 * object, and goes on with a call whose caller was killed: what nobody has is waited for. Throws
 * MadeMeanwhileError when it turns out to be ours, and what the claim says when it is a stranger's.
 */
export async function createClaiming<Created>(creation: Creation<Created>): Promise<Created> {
  for (let waited = 0; ; waited += pollMs) {
    try {
      return await creation.create();
    } catch (error) {
      const claim = creation.claims.find(({ status }) => hasStatus(error, status));
      if (!claim) throw error;
      const found = await look(claim);
      if (found && claim.isOurs(found)) throw new MadeMeanwhileError(creation.name, error);
      if (found || waited >= patienceMs) throw claim.taken(error);
    }
    await delay(pollMs);
  }
}

interface Name {
  readonly kind: 'container' | 'network';
  readonly name: string;
  readonly instance: string;
  readonly user: string;
  labelsOf(): Promise<Labels | undefined>;
}

/** The claim to a name. */
export function nameClaim({ labelsOf, ...name }: Name): Claim {
  return {
    status: 409,
    holder: async () => (await labelsOf()) ?? {},
    isOurs: (found) => found[labels.instance] === name.instance,
    taken: (cause) => new NameTakenError(name, cause),
  };
}

async function look({ holder }: Claim): Promise<Labels | undefined> {
  try {
    return await holder();
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
