import { BaseCommand } from '../../cli/base-command.ts';
import { egress, limitFlags, limitsFrom, timeout, userArgument } from '../../cli/flags.ts';
import { UsageError } from '../../errors.ts';
import { renderUserUpdate } from '../../render/user.ts';
import { userUpdateResult, type UserUpdateResult } from '../../user/result.ts';
import { updateUserSettings } from '../../user/update.ts';

export default class UserUpdate extends BaseCommand<UserUpdateResult> {
  static override summary = "Change a user's limits or egress.";
  static override description =
    'Limits change live, without a restart. What must be recreated instead is listed with its cause.';
  static override examples = [
    '<%= config.bin %> user update bob --memory 1g',
    '<%= config.bin %> user update bob --egress allow:api.github.com:443',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = { ...limitFlags, egress, timeout };
  static override readonly result = userUpdateResult;

  async run(): Promise<UserUpdateResult> {
    const { args, flags } = await this.parse(UserUpdate);
    const limits = limitsFrom(flags);
    if (Object.keys(limits).length === 0 && flags.egress === undefined) {
      throw new UsageError('Nothing to change.', {
        code: 'USAGE',
        suggestions: [`mcpd user update ${args.name} --memory 1g`, 'mcpd user update --help'],
      });
    }
    return updateUserSettings(await this.context('write'), {
      name: args.name,
      limits,
      egress: flags.egress,
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: UserUpdateResult): string {
    return renderUserUpdate(result);
  }
}
