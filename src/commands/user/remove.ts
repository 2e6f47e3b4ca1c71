import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { getUser } from '../../registry/users.ts';
import { renderUserRemove } from '../../render/user.ts';
import { removeUserCompletely } from '../../user/remove.ts';
import { userRemoveResult, type UserRemoveResult } from '../../user/result.ts';

export default class UserRemove extends BaseCommand<UserRemoveResult> {
  static override hiddenAliases = ['user:rm'];
  static override summary = 'Remove a user: containers, network, secrets, tokens and reservations.';
  static override description = 'The workspace and the audit are kept unless --purge is given.';
  static override examples = [
    '<%= config.bin %> user remove bob',
    '<%= config.bin %> user remove bob --purge --yes',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    purge: boolean({
      summary: 'Delete the audit too, and the workspace unless --workspace chose it.',
    }),
    yes,
  };
  static override readonly result = userRemoveResult;

  async run(): Promise<UserRemoveResult> {
    const { args, flags } = await this.parse(UserRemove);
    const context = await this.context('write');
    const { workspace, workspaceManaged } = getUser(context.registry, args.name);
    const isGone = flags.purge && workspaceManaged;
    const question = isGone
      ? `Remove ${args.name} and delete ${workspace}?`
      : `Remove ${args.name}? Its workspace ${workspace} is kept.`;
    await confirm(question, { yes: flags.yes, signal: context.signal });
    return removeUserCompletely(context, { name: args.name, purge: flags.purge });
  }

  protected render(result: UserRemoveResult): string {
    return renderUserRemove(result);
  }
}
