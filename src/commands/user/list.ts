import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { ofRun } from '../../cli/flags.ts';
import { renderUserList } from '../../render/user.ts';
import { userListResult } from '../../user/result.ts';
import { listAllUsers } from '../../user/list.ts';

type Result = z.infer<typeof userListResult>;

export default class UserList extends BaseCommand<Result> {
  static override hiddenAliases = ['user:ls'];
  static override summary = 'List users, with what is reserved for each.';
  static override description =
    'Reads the registry only, so it works without an engine. For what runs: mcpd status.';
  static override examples = [
    '<%= config.bin %> user list',
    '<%= config.bin %> user list --json | jq -r ".users[].name"',
    '<%= config.bin %> user list --run-id 1234',
  ];
  static override flags = { 'run-id': ofRun };
  static override readonly result = userListResult;

  async run(): Promise<Result> {
    const { flags } = await this.parse(UserList);
    return listAllUsers(await this.context('read'), { runId: flags['run-id'] });
  }

  protected render(result: Result): string {
    return renderUserList(result);
  }
}
