import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument, parallel, timeout, userArgument } from '../../cli/flags.ts';
import { dropMembers } from '../../group/members.ts';
import { groupChangeResult, type GroupChangeResult } from '../../group/result.ts';
import { renderGroupChange } from '../../render/group.ts';

export default class GroupDrop extends BaseCommand<GroupChangeResult> {
  static override strict = false;
  static override summary = 'Take users out of a group.';
  static override description = 'What they have of their own stays; the rest is the host’s again.';
  static override examples = ['<%= config.bin %> group drop students bob alice'];
  static override args = {
    group: groupArgument({ required: true, description: 'Name of the group.' }),
    user: userArgument({ required: true, description: 'Names of users.' }),
  };
  static override flags = { timeout, parallel };
  static override readonly result = groupChangeResult;

  async run(): Promise<GroupChangeResult> {
    const { args, argv, flags } = await this.parse(GroupDrop);
    return dropMembers(await this.context('write'), {
      group: args.group,
      users: argv.slice(1) as string[],
      timeoutMs: flags.timeout,
      parallel: flags.parallel,
    });
  }

  protected render(result: GroupChangeResult): string {
    return renderGroupChange(result);
  }
}
