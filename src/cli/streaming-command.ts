import { sinkOf } from '../observe/sink.ts';
import { BaseCommand } from './base-command.ts';
import { documentsOf } from './documents.ts';
import { LateError } from './problem.ts';

interface Stream<Item> {
  readonly records: AsyncIterable<Item>;
  readonly textOf: (record: Item) => string;
  /** Under `--json`: a document for each record, rather than one for all. */
  readonly perLine: boolean;
}

/** A command that prints its records as they come. Its result says nothing more. */
export abstract class StreamingCommand extends BaseCommand<object> {
  // Of a class without statics oclif does not look at what it extends.
  static override enableJsonFlag = true;

  #isAnswered = false;

  protected async print<Item>({ records, textOf, perLine }: Stream<Item>): Promise<object> {
    const print = documentsOf(sinkOf(process.stdout), {
      json: this.jsonEnabled(),
      perLine,
      onBegun: () => (this.#isAnswered = true),
    });
    await print(records, textOf);
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
