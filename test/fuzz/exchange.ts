import { connect } from 'node:net';
import { readAnswers } from './answers.ts';
import type { Input } from './inputs.ts';

export interface Outcome {
  /** Everything that came back. */
  readonly bytes: Buffer;
  /** The connection was neither answered as it must be nor closed. */
  readonly isStuck: boolean;
}

/** After this much silence a client that waits for nothing in particular ends its side. */
const quietMs = 60;
const patienceMs = 15_000;

/** Sends one input on a connection of its own and reads until it is answered or the connection is closed. */
export function exchange(port: number, { pieces, ending }: Input): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let quiet: NodeJS.Timeout | undefined;
    const finish = (isStuck: boolean): void => {
      clearTimeout(quiet);
      clearTimeout(patience);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), isStuck });
    };
    const patience = setTimeout(finish, patienceMs, true);
    const waitForQuiet = (): void => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.end(), quietMs);
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (ending === 'answer' && isAnswered(Buffer.concat(chunks))) finish(false);
      else if (ending === 'finish') waitForQuiet();
    });
    // A bridge that has heard enough closes while this side still writes.
    socket.on('error', () => {});
    socket.on('close', () => finish(false));
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      if (ending === 'vanish') socket.end(() => finish(false));
      else if (ending === 'finish') waitForQuiet();
    });
  });
}

function isAnswered(bytes: Buffer): boolean {
  try {
    return readAnswers(bytes).some(({ status, isComplete }) => status >= 200 && isComplete);
  } catch {
    return true;
  }
}
