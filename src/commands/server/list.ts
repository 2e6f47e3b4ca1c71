import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { renderServerList } from '../../render/server.ts';
import { serverListResult } from '../../server/result.ts';
import { listAllServers } from '../../server/show.ts';

type Result = z.infer<typeof serverListResult>;

export default class ServerList extends BaseCommand<Result> {
  static override hiddenAliases = ['server:ls'];
  static override summary = "List all servers, or one user's, with their addresses.";
  static override examples = [
    '<%= config.bin %> server list',
    '<%= config.bin %> server list bob --json',
  ];
  static override args = {
    user: userArgument({ description: 'Name of the user; all if left out.' }),
  };
  static override readonly result = serverListResult;

  async run(): Promise<Result> {
    const { args } = await this.parse(ServerList);
    return listAllServers(await this.context('read'), args.user);
  }

  protected render(result: Result): string {
    return renderServerList(result);
  }
}
