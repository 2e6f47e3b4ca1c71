import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument } from '../../cli/flags.ts';
import { groupShowResult, type GroupShowResult } from '../../group/result.ts';
import { showGroup } from '../../group/show.ts';
import { renderGroupShow } from '../../render/group.ts';

export default class GroupShow extends BaseCommand<GroupShowResult> {
  static override summary = 'Show a group: members and policy.';
  static override examples = [
    '<%= config.bin %> group show students',
    '<%= config.bin %> group show students --json | jq .group.policy > students.json',
  ];
  static override args = {
    name: groupArgument({ required: true, description: 'Name of the group.' }),
  };
  static override readonly result = groupShowResult;

  async run(): Promise<GroupShowResult> {
    const { args } = await this.parse(GroupShow);
    return showGroup(await this.context('read'), args.name);
  }

  protected render(result: GroupShowResult): string {
    return renderGroupShow(result);
  }
}
