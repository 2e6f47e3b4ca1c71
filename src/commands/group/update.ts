import { BaseCommand } from '../../cli/base-command.ts';
import { groupArgument, parallel, timeout } from '../../cli/flags.ts';
import { isEmptyPatch, policyFlags, policyPatchFrom, unset } from '../../cli/policy-flags.ts';
import { UsageError } from '../../errors.ts';
import { updateUserGroup } from '../../group/change.ts';
import { groupChangeResult, type GroupChangeResult } from '../../group/result.ts';
import { renderGroupChange } from '../../render/group.ts';

export default class GroupUpdate extends BaseCommand<GroupChangeResult> {
  static override summary = "Change a group's policy, for all members at once.";
  static override description =
    '--policy replaces all of it; other flags change what they name. Limits change live, and the rest from the next request on.';
  static override examples = [
    '<%= config.bin %> group update students --memory 384m',
    '<%= config.bin %> group update students --deny-tool "write_*" --unset maxRisk',
  ];
  static override args = {
    name: groupArgument({ required: true, description: 'Name of the group.' }),
  };
  static override flags = { ...policyFlags, unset, timeout, parallel };
  static override readonly result = groupChangeResult;

  async run(): Promise<GroupChangeResult> {
    const { args, flags } = await this.parse(GroupUpdate);
    const patch = await policyPatchFrom(flags, this.signal);
    if (isEmptyPatch(patch)) {
      throw new UsageError('Nothing to change.', {
        code: 'USAGE',
        suggestions: [`mcpd group update ${args.name} --memory 1g`, 'mcpd group update --help'],
      });
    }
    return updateUserGroup(await this.context('write'), {
      name: args.name,
      patch,
      timeoutMs: flags.timeout,
      parallel: flags.parallel,
    });
  }

  protected render(result: GroupChangeResult): string {
    return renderGroupChange(result);
  }
}
