import { existsSync } from 'node:fs';
import { Command } from '@oclif/core/command';
import type { Input, ParserOutput } from '@oclif/core/interfaces';
import type * as z from 'zod';
import { resolveHome, type Home } from '../config/home.ts';
import type { Subjects } from '../audit/snapshot.ts';
import type { Context } from '../context.ts';
import type { McpdError } from '../errors.ts';
import type { Registry } from '../registry/database.ts';
import type { TableOptions } from '../render/table.ts';
import { openContext, type OpenContext } from './context.ts';
import { listenForInterrupt, type Interrupt, type InterruptOptions } from './interrupt.ts';
import { watchCommand, type CommandEnd, type Recorder } from './record.ts';
import { commandWords } from './words.ts';

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
  readonly #others: OpenContext[] = [];
  /** Of a command that is to change something: one for each home. */
  readonly #recorders: Recorder[] = [];
  #parsed: ParserOutput['raw'] = [];

  abstract override run(): Promise<Result>;

  /** The result as people read it on stdout; '' when the command streamed its own output. */
  protected abstract render(result: Result): string;

  /** What people are told beside the result, on stderr; '' for nothing. */
  protected remark(_result: Result): string {
    return '';
  }

  /**
   * The world. `read` and `act` open an existing registry or none, and so never write to a new home.
   * `write` and `act` are for what changes something: that is recorded in the audit, with what became of
   * whom it is about; left out: of whom its arguments name.
   */
  protected async context(access: Access, about?: SubjectsIn): Promise<Context> {
    this.#opened ??= this.open({ access, about, env: process.env });
    // What is there already is changed by nobody unrecorded; a new home is made by whoever needs it.
    if (access !== 'read' && existsSync(this.home.registry)) void this.#opened.registry;
    return this.#opened;
  }

  /** The world of another home, to be changed as well, and recorded there. */
  protected otherContext(root: string, subjects: Subjects): Context {
    const env = { ...process.env, MCPD_HOME: root };
    const other = this.open({ access: 'write', about: () => subjects, env });
    this.#others.push(other);
    return other;
  }

  private open({ access, about, env }: Opening): OpenContext {
    const { bin, root } = this.config;
    const words = commandWords({ bin, id: this.id ?? '', raw: this.#parsed, named: this.named });
    return openContext({
      access: access === 'write' ? 'write' : 'read',
      env,
      assets: root,
      command: words.named,
      signal: this.signal,
      json: this.jsonEnabled(),
      stderr: process.stderr,
      onRegistry: (world) => {
        const isThere = existsSync(world.registry.home.registry);
        if (access === 'read' || !isThere) return;
        const subjects = about?.(world.registry) ?? words.subjects;
        const object = words.object ?? onlyOne(subjects);
        this.#recorders.push(watchCommand(world, { ...words, object, subjects }));
      },
    });
  }

  /** What went wrong although there is a result, which tells of it; undefined: nothing. */
  protected failure(_result: Result): Failure | undefined {
    return undefined;
  }

  /** How many arguments name what a command is about, as opposed to what it is given. */
  protected get named(): number {
    return this.ctor.strict
      ? Object.values(this.ctor.args).filter((one) => !one.hidden).length
      : Infinity;
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
    return this.interrupt.signal;
  }

  protected get interrupt(): Interrupt {
    this.#interrupt ??= listenForInterrupt(process, {
      onWait: () => this.#opened?.progress.notice(orderly),
      ...this.interruptOptions,
    });
    return this.#interrupt;
  }

  /** For a command that must put things in order whatever ends it. */
  protected get interruptOptions(): InterruptOptions {
    return {};
  }

  protected override async parse<Flags extends Values, Base extends Values, Args extends Values>(
    options?: Input<Flags, Base, Args>,
    argv?: string[],
  ): Promise<ParserOutput<Flags, Base, Args>> {
    const parsed = await super.parse(options, argv);
    this.#parsed = parsed.raw;
    return parsed;
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
      const failure = this.failure(result as Result & Returned);
      if (failure) process.exitCode = failure.exitCode;
      this.record({ result, code: failure?.code });
      if (!this.jsonEnabled()) this.tell(result as Result & Returned);
      return result;
    } catch (error) {
      this.record({ error: signal.aborted ? signal.reason : error });
      // What a command makes of being aborted is not news.
      throw signal.aborted ? signal.reason : error;
    } finally {
      interrupt?.dispose();
      for (const opened of [this.#opened, ...this.#others]) opened?.close();
    }
  }

  private tell(result: Result): void {
    print(this.render(result), process.stdout);
    print(this.remark(result), process.stderr);
  }

  private record(end: CommandEnd): void {
    for (const recorder of this.#recorders.splice(0)) recorder.end(end);
  }

  /** So that the audit tells of what this command has made, and is about to take away again. */
  protected witness(): void {
    for (const recorder of this.#recorders) recorder.witness();
  }

  /** One document only: a command that ends after Ctrl-C has its error printed. */
  override logJson(document: unknown): void {
    if (!this.signal.aborted) super.logJson(document);
  }

  /** Left to `main.ts`. */
  protected override catch(error: Error): Promise<never> {
    return Promise.reject(error);
  }
}

const orderly = 'Putting things in order. Ctrl-C again ends that at once.';

/**
 * The exit code, and the word for it in the audit, as an error has them. Without a word what was to be changed
 * was changed: something else was found.
 */
export type Failure = Pick<McpdError, 'exitCode'> & Partial<Pick<McpdError, 'code'>>;

/** Whom a command is about, as to be seen in the registry before it begins. */
type SubjectsIn = (registry: Registry) => Subjects;
type Access = 'read' | 'act' | 'write';

interface Opening {
  readonly access: Access;
  readonly about: SubjectsIn | undefined;
  readonly env: NodeJS.ProcessEnv;
}

type Values = Record<string, unknown>;

function onlyOne({ users: [only, ...others], groups }: Subjects): string | undefined {
  return others.length + groups.length === 0 ? only : undefined;
}

function print(text: string, stream: NodeJS.WriteStream): void {
  if (text !== '') stream.write(text.endsWith('\n') ? text : `${text}\n`);
}
