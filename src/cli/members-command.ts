import type { Context } from '../context.ts';
import type { MembersRequest } from '../group/members.ts';
import { groupChangeResult, type GroupChangeResult } from '../group/result.ts';
import { renderGroupChange } from '../render/group.ts';
import { BaseCommand } from './base-command.ts';
import { groupArgument, parallel, timeout, userArgument } from './flags.ts';

/** What `group add` and `group drop` are: a group, users, and what becomes of them. */
export abstract class MembersCommand extends BaseCommand<GroupChangeResult> {
  static override args = {
    group: groupArgument({ required: true, description: 'Name of the group.' }),
    user: userArgument({ required: true, multiple: true, description: 'Names of users.' }),
  };
  static override flags = { timeout, parallel };
  static override readonly result = groupChangeResult;

  protected abstract change(context: Context, request: MembersRequest): Promise<GroupChangeResult>;

  async run(): Promise<GroupChangeResult> {
    const { args, argv, flags } = await this.parse(MembersCommand);
    return this.change(await this.context('write'), {
      group: args.group,
      users: argv.slice(1) as string[],
      timeoutMs: flags.timeout,
      parallel: flags.parallel,
    });
  }

  protected override get named(): number {
    return Infinity;
  }

  protected render(result: GroupChangeResult): string {
    return renderGroupChange(result);
  }
}
