import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument } from '../../cli/flags.ts';
import { removeUserGroup } from '../../group/change.ts';
import { groupRemoveResult, type GroupRemoveResult } from '../../group/result.ts';

export default class GroupRemove extends BaseCommand<GroupRemoveResult> {
  static override hiddenAliases = ['group:rm'];
  static override summary = 'Remove a group that has no members.';
  static override examples = ['<%= config.bin %> group remove students'];
  static override args = {
    name: groupArgument({ required: true, description: 'Name of the group.' }),
  };
  static override readonly result = groupRemoveResult;

  async run(): Promise<GroupRemoveResult> {
    const { args } = await this.parse(GroupRemove);
    return removeUserGroup(await this.context('write'), args.name);
  }

  protected render({ removed }: GroupRemoveResult): string {
    return `Removed the group ${removed}.`;
  }
}
