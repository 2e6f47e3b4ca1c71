import type * as z from 'zod';
import { BaseCommand, type Failure } from '../cli/base-command.ts';
import { userArgument } from '../cli/flags.ts';
import { exitCodes } from '../errors.ts';
import { renderPlan } from '../render/plan.ts';
import { planResult, planUsers } from '../user/plan-users.ts';

type Result = z.infer<typeof planResult>;

export default class Plan extends BaseCommand<Result> {
  static override strict = false;
  static override summary = 'Print what `up` would do, and why. Changes nothing.';
  static override examples = ['<%= config.bin %> plan', '<%= config.bin %> plan bob alice --json'];
  static override args = {
    user: userArgument({ description: 'Names of users; all if left out.' }),
  };
  static override readonly result = planResult;

  async run(): Promise<Result> {
    const { argv } = await this.parse(Plan);
    return planUsers(await this.context('read'), argv as string[]);
  }

  protected override failure({ users }: Result): Failure | undefined {
    const isWhole = users.every(({ problem }) => problem === null);
    return isWhole ? undefined : { exitCode: exitCodes.partial };
  }

  protected render(result: Result): string {
    return renderPlan(result);
  }
}
