import { unreachable } from './errors.ts';

/** How long to wait for what a sound engine answers at once, in milliseconds. */
export interface Patience {
  /** For its first word; a socket unit may be just starting it. */
  readonly pingMs: number;
  /** For each question about what it has. */
  readonly answerMs: number;
}

/** A question, given what ends it on the engine's side too. Throws EngineUnreachableError when time is over. */
export async function within<Answer>(
  ms: number,
  ask: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
): Promise<Answer> {
  const abortSignal = AbortSignal.timeout(ms);
  const over = new Promise<never>((_, reject) => {
    const message = `The engine did not answer within ${ms / 1000} s.`;
    abortSignal.addEventListener('abort', () => reject(unreachable(message, abortSignal.reason)));
  });
  // An answer that breaks off in the middle is not even an error to the client.
  return Promise.race([ask({ abortSignal }), over]);
}

/** Asks about each, so many at a time; answers in their order. */
export async function askEach<Item, Answer>(
  items: readonly Item[],
  atOnce: number,
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return answers;
}
