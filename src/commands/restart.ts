import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { targetArgument, timeout } from '../cli/flags.ts';
import { renderRunState } from '../render/server.ts';
import { runStateResult } from '../server/result.ts';
import { setRunState } from '../server/run-state.ts';

type Result = z.infer<typeof runStateResult>;

export default class Restart extends BaseCommand<Result> {
  static override summary = "Restart a server, or all of a user's, with their current secrets.";
  static override examples = [
    '<%= config.bin %> restart bob',
    '<%= config.bin %> restart bob/filesystem',
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
    const { args, flags } = await this.parse(Restart);
    return setRunState(await this.context('write'), {
      target: args.target,
      verb: 'restart',
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: Result): string {
    return renderRunState(result);
  }
}
