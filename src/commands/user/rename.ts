import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { timeout, userArgument } from '../../cli/flags.ts';
import { renderUserRename } from '../../render/user.ts';
import { renameUserAndObjects } from '../../user/rename.ts';
import { userRenameResult } from '../../user/result.ts';

type Result = z.infer<typeof userRenameResult>;

export default class UserRename extends BaseCommand<Result> {
  static override summary = 'Give a user another name.';
  static override description =
    'Addresses, tokens, files, secrets and the audit stay. The servers are restarted: containers and the network have the name in theirs. Where oidc.users names the user, change it too.';
  static override examples = ['<%= config.bin %> user rename bob robert'];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
    new: userArgument({ required: true, description: 'The name they get.' }),
  };
  static override flags = { timeout };
  static override readonly result = userRenameResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(UserRename);
    return renameUserAndObjects(await this.context('write'), {
      name: args.name,
      newName: args.new,
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: Result): string {
    return renderUserRename(result);
  }
}
