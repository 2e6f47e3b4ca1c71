import type { ServerResponse } from 'node:http';
import type { Refusal } from './answer.ts';
import type { Turn } from './policy/turns.ts';
import { trailOf } from './records/trail.ts';

/**
 * Waits for a turn, and checks again before it is used: what held before may hold no more. Nobody needs one
 * whose client has left, or was answered meanwhile.
 */
export async function awaitTurn(
  waiting: Promise<Turn | 'gone'>,
  response: ServerResponse,
  check: () => Refusal | undefined,
): Promise<Turn | Refusal | 'gone'> {
  const turn = await waiting;
  if (turn === 'gone' || response.destroyed || response.writableEnded) {
    if (turn !== 'gone') turn.release();
    trailOf(response)?.abandoned();
    return 'gone';
  }
  const refusal = check();
  if (refusal) turn.release();
  return refusal ?? turn;
}
