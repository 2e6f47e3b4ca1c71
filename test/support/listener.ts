import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A foreign process that listens on a port. */
export class Listener implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
  }

  static async on(port: number, host: string): Promise<Listener> {
    const code = `require('net').createServer().listen(${port}, '${host}', () => console.log('listening'))`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return new Listener(child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}
