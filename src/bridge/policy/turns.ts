import type { ServerResponse } from 'node:http';
import type { BridgePolicy } from '../../policy/bridge-policy.ts';
import type { SharedSlots } from './shared-slots.ts';

/** The right to have calls running. */
export interface Turn {
  /** Gives it back; again does nothing. */
  readonly release: () => void;
}

export interface Turns {
  /** Undefined where nothing is limited, `full` when too many wait already, `gone` when the client left before its turn. */
  take(count: number, response: ServerResponse): Turn | undefined | 'full' | Promise<Turn | 'gone'>;
  /** Lets go who may by now; to be called every second. */
  sweep(): void;
}

interface TurnsOptions {
  readonly policy: () => BridgePolicy;
  /** What counts the calls of all servers of the user; undefined where there is nothing to count them in. */
  readonly slots: SharedSlots | undefined;
}

interface Waiter {
  readonly count: number;
  readonly go: (turn: Turn) => void;
}

/** Another bridge of the user doesn't say when it is done, so while somebody waits it is looked every so many ms. */
const lookMs = 50;

/** First come, first served. A call runs when its server and its user both have room for it. */
export function createTurns({ policy, slots }: TurnsOptions): Turns {
  const queue: Waiter[] = [];
  let running = 0;
  let timer: NodeJS.Timeout | undefined;

  const start = (count: number): Turn | undefined => {
    const { serverConcurrency, userConcurrency } = policy();
    if (serverConcurrency && running + count > serverConcurrency.calls) return undefined;
    const held = userConcurrency ? (slots?.take(userConcurrency.calls, count) ?? []) : [];
    if (userConcurrency && held.length < count) return undefined;
    running += count;
    let isOver = false;
    const release = (): void => {
      if (isOver) return;
      isOver = true;
      running -= count;
      slots?.release(held);
      pump();
    };
    return { release };
  };

  const pump = (): void => {
    for (let [first] = queue; first; [first] = queue) {
      const turn = start(first.count);
      if (!turn) break;
      queue.shift();
      first.go(turn);
    }
    clearTimeout(timer);
    if (queue.length > 0 && policy().userConcurrency) timer = setTimeout(pump, lookMs).unref();
  };

  const wait = (count: number, response: ServerResponse): Promise<Turn | 'gone'> =>
    new Promise((resolve) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        resolve('gone');
        pump();
      };
      const waiter: Waiter = {
        count,
        go: (turn) => {
          response.off('close', leave);
          resolve(turn);
        },
      };
      queue.push(waiter);
      response.on('close', leave);
      pump();
    });

  return {
    take: (count, response) => {
      const { serverConcurrency, userConcurrency } = policy();
      const limits = [serverConcurrency, userConcurrency].filter((limit) => limit !== null);
      if (limits.length === 0 || count === 0) return undefined;
      const turn = queue.length === 0 ? start(count) : undefined;
      if (turn) return turn;
      const isFull = limits.some(({ calls, queue: most }) => queue.length >= most || count > calls);
      return isFull ? 'full' : wait(count, response);
    },
    sweep: () => {
      slots?.refresh();
      pump();
    },
  };
}
