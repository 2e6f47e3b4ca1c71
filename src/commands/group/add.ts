import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument, parallel, timeout, userArgument } from '../../cli/flags.ts';
import { addMembers } from '../../group/members.ts';
import { groupChangeResult, type GroupChangeResult } from '../../group/result.ts';
import { renderGroupChange } from '../../render/group.ts';

export default class GroupAdd extends BaseCommand<GroupChangeResult> {
  static override strict = false;
  static override summary = 'Put users into a group, whose policy then holds for them.';
  static override description =
    'One who is in another group is moved by mcpd user update NAME --group GROUP.';
  static override examples = ['<%= config.bin %> group add students bob alice'];
  static override args = {
    group: groupArgument({ required: true, description: 'Name of the group.' }),
    user: userArgument({ required: true, description: 'Names of users.' }),
  };
  static override flags = { timeout, parallel };
  static override readonly result = groupChangeResult;

  async run(): Promise<GroupChangeResult> {
    const { args, argv, flags } = await this.parse(GroupAdd);
    return addMembers(await this.context('write'), {
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
