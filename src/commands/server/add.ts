import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { approve, timeout } from '../../cli/flags.ts';
import { newServerArgument } from '../../cli/new-server.ts';
import { renderServerAdd } from '../../render/server.ts';
import { addServerToUser } from '../../server/change.ts';
import { serverAddResult } from '../../server/result.ts';

type Result = z.infer<typeof serverAddResult>;

export default class ServerAdd extends BaseCommand<Result> {
  static override summary = 'Give a user one more server, and start it.';
  static override examples = [
    '<%= config.bin %> server add bob/memory',
    '<%= config.bin %> server add bob//etc/mcpd/templates/github',
    '<%= config.bin %> server add bob/filesystem --approve "for the migration, until June"',
  ];
  static override args = {
    server: newServerArgument({
      required: true,
      description: 'User and template: bob/memory, or bob/ and the path of a template folder.',
    }),
  };
  static override flags = {
    approve,
    'no-start': boolean({ summary: "Make it, but don't start it." }),
    timeout,
  };
  static override readonly result = serverAddResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(ServerAdd);
    return addServerToUser(await this.context('write'), {
      userName: args.server.user,
      template: args.server.template,
      approval: flags.approve,
      start: !flags['no-start'],
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: Result): string {
    return renderServerAdd(result);
  }
}
