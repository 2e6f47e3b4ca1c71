import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { parallel, userArgument, yes } from '../cli/flags.ts';
import { confirm } from '../cli/prompt.ts';
import { requireNamesOrAll, usersOrAll } from '../cli/subjects.ts';
import { namedUsers } from '../registry/named.ts';
import { renderUpDown } from '../render/plan.ts';
import { takeDown, upDownResult } from '../user/up-down.ts';

type Result = z.infer<typeof upDownResult>;

export default class Down extends BaseCommand<Result> {
  static override strict = false;
  static override summary = "Remove users' containers and networks; everything else stays.";
  static override description =
    'Ports, tokens, secrets and workspaces are kept: `up` brings it all back.';
  static override examples = ['<%= config.bin %> down bob', '<%= config.bin %> down --all --yes'];
  static override args = { user: userArgument({ description: 'Names of users.' }) };
  static override flags = {
    all: boolean({ summary: 'All users.', default: false }),
    parallel,
    yes,
  };
  static override readonly result = upDownResult;

  async run(): Promise<Result> {
    const { argv, flags } = await this.parse(Down);
    const names = argv as string[];
    const examples = ['mcpd down bob', 'mcpd down --all'];
    requireNamesOrAll(names, { all: flags.all, examples });
    const context = await this.context('write', usersOrAll(names));
    namedUsers(context.registry, names);
    const who = flags.all ? 'all users' : names.join(', ');
    await confirm(`Remove the containers of ${who}?`, { yes: flags.yes, signal: context.signal });
    return takeDown(context, { names, parallel: flags.parallel });
  }

  protected render(result: Result): string {
    return renderUpDown(result);
  }
}
