import type { Streams } from './exec.ts';

type Terminals = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>;

/**
 * The process's own streams for a command in a container. Where both ends are a terminal it is put into
 * raw mode, so that keys such as Ctrl-C go to the command; disposing of the result puts it back.
 */
export function terminalStreams({ stdin, stdout, stderr }: Terminals): Streams & Disposable {
  const tty = stdin.isTTY && stdout.isTTY;
  if (tty) stdin.setRawMode(true);
  return {
    stdin,
    stdout,
    stderr,
    tty,
    [Symbol.dispose]: () => {
      if (tty) stdin.setRawMode(false);
    },
  };
}
