import type { Writable } from 'node:stream';

/** Somewhere to stream text to, at the reader's pace. */
export interface Sink {
  /** False when the reader is gone, as `head` is after its ten lines: nothing more needs to be written. */
  write(text: string): Promise<boolean>;
}

export function sinkOf(stream: Writable): Sink {
  let isGone = false;
  const gone = new Promise<void>((resolve) => {
    const leave = () => {
      isGone = true;
      resolve();
    };
    stream.on('error', leave);
    stream.on('close', leave);
  });
  return {
    write: async (text) => {
      if (isGone) return false;
      if (!stream.write(text)) await Promise.race([once(stream, 'drain'), gone]);
      return !isGone;
    },
  };
}

function once(stream: Writable, event: string): Promise<void> {
  return new Promise((resolve) => {
    stream.once(event, () => resolve());
  });
}
