import { boolean } from '@oclif/core/flags';
import { copyUser } from '../../backup/copy.ts';
import { restoreResult, type RestoreResult } from '../../backup/result.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { approve, timeout, userArgument } from '../../cli/flags.ts';
import { renderUserCopy } from '../../render/backup.ts';

export default class UserCopy extends BaseCommand<RestoreResult> {
  static override summary = 'Make another user like one: servers, policy, group and files.';
  static override description =
    'The copy has addresses and a uid of its own. It gets no tokens and no approvals, and secrets only with --secrets.';
  static override examples = [
    '<%= config.bin %> user copy bob alice',
    '<%= config.bin %> user copy bob staging --secrets --no-workspace',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
    new: userArgument({ required: true, description: 'Name of the copy.' }),
  };
  static override flags = {
    'no-workspace': boolean({ summary: 'Leave the files out.' }),
    secrets: boolean({ summary: 'Copy the secrets too.' }),
    approve,
    'no-start': boolean({ summary: "Make everything, but don't start the servers." }),
    timeout,
  };
  static override readonly result = restoreResult;

  async run(): Promise<RestoreResult> {
    const { args, flags } = await this.parse(UserCopy);
    return copyUser(await this.context('write'), {
      name: args.name,
      newName: args.new,
      workspace: !flags['no-workspace'],
      secrets: flags.secrets,
      approval: flags.approve,
      waitMs: flags['no-start'] ? undefined : flags.timeout,
    });
  }

  protected render(result: RestoreResult): string {
    return renderUserCopy(result);
  }
}
