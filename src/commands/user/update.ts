import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { group, timeout, userArgument } from '../../cli/flags.ts';
import { isEmptyPatch, policyFlags, policyPatchFrom, unset } from '../../cli/policy-flags.ts';
import { UsageError } from '../../errors.ts';
import { renderUserUpdate } from '../../render/user.ts';
import { userUpdateResult, type UserUpdateResult } from '../../user/result.ts';
import { updateUserSettings } from '../../user/update.ts';

export default class UserUpdate extends BaseCommand<UserUpdateResult> {
  static override summary =
    "Change a user's limits, storage quota, egress, group, or what else they may do.";
  static override description =
    'What is set here is the user’s own and goes before the group’s. Limits change live, without a restart; so does a quota that grows. A first or smaller quota moves the files, with the servers stopped meanwhile. What must be recreated instead is listed with its cause.';
  static override examples = [
    '<%= config.bin %> user update bob --memory 1g',
    '<%= config.bin %> user update bob --storage 4g',
    '<%= config.bin %> user update bob --egress allow:api.github.com:443',
    '<%= config.bin %> user update bob --group students --unset memory',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    group,
    'no-group': boolean({ summary: 'Take the user out of their group.', exclusive: ['group'] }),
    ...policyFlags,
    unset,
    timeout,
  };
  static override readonly result = userUpdateResult;

  async run(): Promise<UserUpdateResult> {
    const { args, flags } = await this.parse(UserUpdate);
    const policy = await policyPatchFrom(flags, this.signal);
    const newGroup = flags['no-group'] ? null : flags.group;
    if (isEmptyPatch(policy) && newGroup === undefined) {
      throw new UsageError('Nothing to change.', {
        code: 'USAGE',
        suggestions: [`mcpd user update ${args.name} --memory 1g`, 'mcpd user update --help'],
      });
    }
    return updateUserSettings(await this.context('write'), {
      name: args.name,
      policy,
      group: () => newGroup,
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: UserUpdateResult): string {
    return renderUserUpdate(result);
  }
}
