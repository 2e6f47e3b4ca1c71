import { boolean } from '@oclif/core/flags';
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
    '<%= config.bin %> user show bob --effective',
    '<%= config.bin %> user show bob --json | jq .guarantees',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    effective: boolean({ summary: 'Show every value that holds, and who says so.' }),
  };
  static override readonly result = userShowResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(UserShow);
    const { effective } = flags;
    return showUser(await this.context('read'), { name: args.name, effective });
  }

  protected render(result: Result): string {
    return renderUserShow(result);
  }
}
