import { Command } from '@oclif/core/command';
import type * as z from 'zod';
import { resolveHome, type Home } from '../config/home.ts';
import type { Context } from '../context.ts';
import type { TableOptions } from '../render/table.ts';
import { openContext, type OpenContext } from './context.ts';
import { watchCommand, type CommandEnd, type CommandWords } from './record.ts';
import { listenForInterrupt, type Interrupt } from './interrupt.ts';

/**
 * What every command is: `run()` returns one object, described by the static `result` schema. Under
 * `--json` that object is printed; otherwise what `render()` makes of it. Errors are printed by
 * `main.ts`, the same way for all.
 */
export abstract class BaseCommand<Result extends object> extends Command {
  static override enableJsonFlag = true;
  /** Schema of what `run()` returns; `mcpd schema` prints it. */
  static readonly result: z.ZodType;

  #interrupt: Interrupt | undefined;
  #opened: OpenContext | undefined;
  /** Writes the record of a command that is to change something. */
  #record: ((end: CommandEnd) => void) | undefined;

  abstract override run(): Promise<Result>;

  /** The result as people read it on stdout; '' when the command streamed its own output. */
  protected abstract render(result: Result): string;

  /** The world. `read` opens an existing registry or none, and so never writes to a new home. */
  protected async context(access: 'read' | 'write'): Promise<Context> {
    this.#opened ??= openContext({
      access,
      env: process.env,
      assets: this.config.root,
      command: [this.config.bin, ...(this.id ?? '').split(':'), ...this.subjects()].join(' '),
      signal: this.signal,
      json: this.jsonEnabled(),
      stderr: process.stderr,
    });
    if (access === 'write') this.#record ??= watchCommand(this.#opened, this.words());
    return this.#opened;
  }

  /** Where the state is, for what needs nothing else of the world. */
  protected get home(): Home {
    return resolveHome(process.env, process.getuid?.() ?? 0);
  }

  /** Columns that tables may take; none in a pipe, where nothing is cut. */
  protected get terminal(): TableOptions {
    return { width: process.stdout.isTTY ? process.stdout.columns : undefined };
  }

  /** Aborted by Ctrl-C. */
  protected get signal(): AbortSignal {
    this.#interrupt ??= listenForInterrupt(process);
    return this.#interrupt.signal;
  }

  protected override async _run<Returned>(): Promise<Returned> {
    const signal = this.signal;
    const interrupt = this.#interrupt;
    // Left to itself oclif reads a missing argument from stdin, which is for values.
    for (const argument of Object.values(this.ctor.args)) argument.ignoreStdin = true;
    try {
      const running = super._run<Returned>();
      const result = await (interrupt ? Promise.race([running, interrupt.overdue]) : running);
      signal.throwIfAborted();
      this.#record?.({ result });
      this.#record = undefined;
      if (!this.jsonEnabled()) print(this.render(result as Result & Returned));
      return result;
    } catch (error) {
      this.#record?.({ error: signal.aborted ? signal.reason : error });
      // What a command makes of being aborted is not news.
      throw signal.aborted ? signal.reason : error;
    } finally {
      interrupt?.dispose();
      this.#opened?.close();
    }
  }

  /** One document only: a command that ends after Ctrl-C has its error printed. */
  override logJson(document: unknown): void {
    if (!this.signal.aborted) super.logJson(document);
  }

  /** Left to `main.ts`. */
  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }

  /** The positional arguments, for messages: flags may hold what nobody else should read. */
  private subjects(): string[] {
    const end = this.argv.findIndex((argument) => argument.startsWith('-'));
    return end === -1 ? this.argv : this.argv.slice(0, end);
  }

  /** The command for the audit: what it names, and which flags were given. */
  private words(): CommandWords {
    const known = new Set(Object.keys(this.ctor.flags ?? {}).map((name) => `--${name}`));
    const given = this.argv.map((argument) => argument.split('=', 1)[0] ?? '');
    const flags = new Set(given.filter((name) => known.has(name)));
    const subjects = this.subjects();
    const words = [this.config.bin, ...(this.id ?? '').split(':'), ...subjects, ...flags];
    return { command: words.join(' '), object: subjects[0] };
  }
}

function print(text: string): void {
  if (text !== '') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}
