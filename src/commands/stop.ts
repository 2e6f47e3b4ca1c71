import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { targetArgument } from '../cli/flags.ts';
import { renderRunState } from '../render/server.ts';
import { runStateResult } from '../server/result.ts';
import { setRunState } from '../server/run-state.ts';

type Result = z.infer<typeof runStateResult>;

export default class Stop extends BaseCommand<Result> {
  static override summary = "Stop a server, or all of a user's; addresses and data stay.";
  static override examples = [
    '<%= config.bin %> stop bob',
    '<%= config.bin %> stop bob/filesystem',
  ];
  static override args = {
    target: targetArgument({
      required: true,
      description: 'A user, or one server: bob/filesystem.',
    }),
  };
  static override readonly result = runStateResult;

  async run(): Promise<Result> {
    const { args } = await this.parse(Stop);
    return setRunState(await this.context('write'), {
      target: args.target,
      verb: 'stop',
      timeoutMs: 0,
    });
  }

  protected render(result: Result): string {
    return renderRunState(result);
  }
}
