import { BaseCommand } from '../../cli/base-command.ts';
import { groupListResult, type GroupListResult } from '../../group/result.ts';
import { listAllGroups } from '../../group/show.ts';
import { renderGroupList } from '../../render/group.ts';

export default class GroupList extends BaseCommand<GroupListResult> {
  static override hiddenAliases = ['group:ls'];
  static override summary = 'List groups, with their members and what they set.';
  static override examples = [
    '<%= config.bin %> group list',
    '<%= config.bin %> group list --json | jq -r ".groups[].name"',
  ];
  static override readonly result = groupListResult;

  async run(): Promise<GroupListResult> {
    await this.parse(GroupList);
    return listAllGroups(await this.context('read'));
  }

  protected render(result: GroupListResult): string {
    return renderGroupList(result);
  }
}
