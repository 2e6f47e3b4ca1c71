import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { renderUserShow } from '../../render/user.ts';
import { userShowResult } from '../../user/result.ts';
import { showUser } from '../../user/show.ts';

type Result = z.infer<typeof userShowResult>;

export default class UserShow extends BaseCommand<Result> {
  static override summary = 'Show a user: addresses, limits, servers, and which guarantees hold.';
  static override examples = [
    '<%= config.bin %> user show bob',
    '<%= config.bin %> user show bob --json | jq .guarantees',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override readonly result = userShowResult;

  async run(): Promise<Result> {
    const { args } = await this.parse(UserShow);
    return showUser(await this.context('read'), args.name);
  }

  protected render(result: Result): string {
    return renderUserShow(result);
  }
}
