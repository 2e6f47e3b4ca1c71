import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument } from '../../cli/flags.ts';
import { newPolicyFrom, policyFlags } from '../../cli/policy-flags.ts';
import { createUserGroup } from '../../group/change.ts';
import { groupCreateResult, type GroupCreateResult } from '../../group/result.ts';
import { renderGroupCreate } from '../../render/group.ts';

export default class GroupCreate extends BaseCommand<GroupCreateResult> {
  static override summary = 'Make a group: users with a policy in common.';
  static override description =
    'A user is in at most one group. What a user has of their own goes before it. docs/policy.md has every field.';
  static override examples = [
    '<%= config.bin %> group create students --memory 256m --max-servers 2 --rate 120',
    '<%= config.bin %> group create readers --allow-tool "read_*" --allow-tool "list_*"',
    '<%= config.bin %> group create students --policy @students.json',
  ];
  static override args = {
    name: groupArgument({ required: true, description: 'Name of the group.' }),
  };
  static override flags = policyFlags;
  static override readonly result = groupCreateResult;

  async run(): Promise<GroupCreateResult> {
    const { args, flags } = await this.parse(GroupCreate);
    const policy = await newPolicyFrom(flags, this.signal);
    return createUserGroup(await this.context('write'), { name: args.name, policy });
  }

  protected render(result: GroupCreateResult): string {
    return renderGroupCreate(result);
  }
}
