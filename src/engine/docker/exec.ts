import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import type { ExecOptions } from '../engine.ts';

/** Runs a command in a container and gives its exit code. */
export async function execInContainer(
  docker: Docker,
  id: string,
  options: ExecOptions,
): Promise<number> {
  const exec = await docker.getContainer(id).exec({
    Cmd: [...options.argv],
    User: options.user,
    WorkingDir: options.cwd,
    Tty: options.tty,
    AttachStdin: options.stdin !== undefined,
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({
    hijack: true,
    stdin: options.stdin !== undefined,
    Tty: options.tty,
  });
  const stopResizing = options.tty ? followTerminalSize(exec, options.stdout) : undefined;
  try {
    await pump(docker, stream, options);
  } finally {
    stopResizing?.();
  }
  const { ExitCode } = await exec.inspect();
  return ExitCode ?? 0;
}

async function pump(docker: Docker, stream: Duplex, options: ExecOptions): Promise<void> {
  if (options.tty) stream.pipe(options.stdout, { end: false });
  else docker.modem.demuxStream(stream, options.stdout, options.stderr);
  options.stdin?.pipe(stream);
  try {
    await finished(stream, { writable: false });
  } finally {
    options.stdin?.unpipe(stream);
    stream.destroy();
  }
}

function followTerminalSize(exec: Docker.Exec, stdout: ExecOptions['stdout']): () => void {
  const terminal = stdout as NodeJS.WriteStream;
  const resize = () => {
    // The command may end between the event and the call.
    exec.resize({ h: terminal.rows, w: terminal.columns }).catch(() => undefined);
  };
  resize();
  terminal.on('resize', resize);
  return () => terminal.off('resize', resize);
}
