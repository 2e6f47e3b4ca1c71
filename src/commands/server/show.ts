import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { serverArgument } from '../../cli/flags.ts';
import { renderServerShow } from '../../render/server.ts';
import { serverShowResult } from '../../server/result.ts';
import { showServer } from '../../server/show.ts';

type Result = z.infer<typeof serverShowResult>;

export default class ServerShow extends BaseCommand<Result> {
  static override summary = 'Show one server: source, address, limits and the secrets it needs.';
  static override examples = ['<%= config.bin %> server show bob/filesystem'];
  static override args = {
    server: serverArgument({ required: true, description: 'The server, as in bob/filesystem.' }),
  };
  static override readonly result = serverShowResult;

  async run(): Promise<Result> {
    const { args } = await this.parse(ServerShow);
    const { user: userName, server: serverName } = args.server;
    return showServer(await this.context('read'), { userName, serverName });
  }

  protected render(result: Result): string {
    return renderServerShow(result);
  }
}
