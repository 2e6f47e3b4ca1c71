import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { serverArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { targetServers } from '../../server/target.ts';
import { removeServerFromUser } from '../../server/change.ts';
import { serverRemoveResult } from '../../server/result.ts';

type Result = z.infer<typeof serverRemoveResult>;

export default class ServerRemove extends BaseCommand<Result> {
  static override hiddenAliases = ['server:rm'];
  static override summary = 'Take one server away from a user; the workspace stays.';
  static override examples = ['<%= config.bin %> server remove bob/memory --yes'];
  static override args = {
    server: serverArgument({ required: true, description: 'The server, as in bob/memory.' }),
  };
  static override flags = { yes };
  static override readonly result = serverRemoveResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(ServerRemove);
    const { user: userName, server: serverName } = args.server;
    const context = await this.context('write');
    targetServers(context.registry, args.server);
    await confirm(`Remove ${userName}/${serverName}?`, { yes: flags.yes, signal: context.signal });
    return removeServerFromUser(context, { userName, serverName });
  }

  protected render({ removed }: Result): string {
    return `Removed ${removed}.`;
  }
}
