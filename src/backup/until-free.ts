import { ConflictError } from '../errors.ts';

interface Waiting {
  /** Told who is in the way, each time that the usual wait for a lease was too short. */
  readonly onWait: (message: string) => void;
}

/**
 * Runs work under a lease, however long another command holds it. The work calls `begin` once it has the lease:
 * what it throws after that is thrown.
 */
export async function untilFree<Result>(
  { onWait }: Waiting,
  work: (begin: () => void) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    let hasBegun = false;
    const begin = () => {
      hasBegun = true;
    };
    try {
      return await work(begin);
    } catch (error) {
      const isLocked = error instanceof ConflictError && error.code === 'LOCKED';
      if (hasBegun || !isLocked) throw error;
      onWait(error.message);
    }
  }
}
