import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A running `mcpd metrics --listen`; disposing of it ends it. */
export class MetricsListener implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
    this.#exited = once(child, 'exit');
  }

  /** `start` runs mcpd with arguments. */
  static async start(
    start: (args: readonly string[]) => ChildProcess,
    ...flags: readonly string[]
  ): Promise<MetricsListener> {
    const child = start(['metrics', '--listen', '127.0.0.1:0', ...flags]);
    // Read to its end, since the program writes there once more when it is interrupted.
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += String(chunk);
      const url = /http:\S+/.exec(text)?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', () => reject(new Error(`mcpd metrics did not listen: ${text}`)));
    return new MetricsListener(child, await promise);
  }

  /** The exit code. */
  async end(signal: NodeJS.Signals): Promise<unknown> {
    this.#child.kill(signal);
    return (await this.#exited)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) await this.end('SIGTERM');
  }
}
