import { sinkOf } from '../observe/sink.ts';
import { BaseCommand } from './base-command.ts';
import { writeDocuments, type Stream } from './documents.ts';
import { LateError } from './problem.ts';

/** A command that prints its records as they come. Its result says nothing more. */
export abstract class StreamingCommand extends BaseCommand<object> {
  // Of a class without statics oclif does not look at what it extends.
  static override enableJsonFlag = true;

  #isAnswered = false;

  protected async print<Item>(stream: Stream<Item>): Promise<object> {
    await writeDocuments(sinkOf(process.stdout), stream, {
      json: this.jsonEnabled(),
      onBegun: () => (this.#isAnswered = true),
    });
    return {};
  }

  protected override async _run<Returned>(): Promise<Returned> {
    try {
      return await super._run<Returned>();
    } catch (error) {
      throw this.#isAnswered ? new LateError(error) : error;
    }
  }

  /** Its documents are written already. */
  override logJson(): void {}

  protected render(): string {
    return '';
  }
}
