import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { targetArgument, timeout } from '../cli/flags.ts';
import { renderRunState } from '../render/server.ts';
import { runStateResult } from '../server/result.ts';
import { setRunState } from '../server/run-state.ts';

type Result = z.infer<typeof runStateResult>;

export default class Start extends BaseCommand<Result> {
  static override summary = "Start a server, or all of a user's, and wait until they are ready.";
  static override examples = [
    '<%= config.bin %> start bob',
    '<%= config.bin %> start bob/filesystem',
  ];
  static override args = {
    target: targetArgument({
      required: true,
      description: 'A user, or one server: bob/filesystem.',
    }),
  };
  static override flags = { timeout };
  static override readonly result = runStateResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(Start);
    return setRunState(await this.context('write'), {
      target: args.target,
      verb: 'start',
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: Result): string {
    return renderRunState(result);
  }
}
