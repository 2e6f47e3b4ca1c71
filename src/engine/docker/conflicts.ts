import { setTimeout as delay } from 'node:timers/promises';
import { MadeMeanwhileError, NameTakenError } from '../faults.ts';
import { labels } from '../labels.ts';
import { hasStatus } from './errors.ts';

interface Creation<Created> {
  readonly kind: 'container' | 'network';
  readonly name: string;
  readonly instance: string;
  readonly user: string;
  create(): Promise<Created>;
  /** Labels of what has the name now. */
  labelsOf(): Promise<Readonly<Record<string, string>> | undefined>;
}

const pollMs = 50;
const patienceMs = 5_000;

/**
 * Creates under a name. The engine reserves one before anything can be seen of it, and goes on with a
 * call whose caller was killed: a name of nothing is waited for. Throws MadeMeanwhileError when it turns
 * out to be ours, NameTakenError when it is a stranger's.
 */
export async function createNamed<Created>(creation: Creation<Created>): Promise<Created> {
  for (let waited = 0; ; waited += pollMs) {
    try {
      return await creation.create();
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      const found = await look(creation);
      if (found?.[labels.instance] === creation.instance) {
        throw new MadeMeanwhileError(creation.name, error);
      }
      if (found || waited >= patienceMs) throw new NameTakenError(creation, error);
    }
    await delay(pollMs);
  }
}

async function look(creation: Pick<Creation<unknown>, 'labelsOf'>) {
  try {
    return (await creation.labelsOf()) ?? {};
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
