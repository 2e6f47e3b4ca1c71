import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { parallel, userArgument, yes } from '../cli/flags.ts';
import { confirm } from '../cli/prompt.ts';
import { usersOrAll } from '../cli/subjects.ts';
import { UsageError } from '../errors.ts';
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
  static override flags = { all: boolean({ summary: 'All users.' }), parallel, yes };
  static override readonly result = upDownResult;

  async run(): Promise<Result> {
    const { argv, flags } = await this.parse(Down);
    const names = argv as string[];
    if (names.length === 0 && !flags.all) {
      throw new UsageError('Name the users, or say --all.', {
        code: 'USAGE',
        suggestions: ['mcpd down bob', 'mcpd down --all'],
      });
    }
    const context = await this.context('write', usersOrAll(names));
    const who = flags.all ? 'all users' : names.join(', ');
    await confirm(`Remove the containers of ${who}?`, { yes: flags.yes, signal: context.signal });
    return takeDown(context, { names: flags.all ? [] : names, parallel: flags.parallel });
  }

  protected render(result: Result): string {
    return renderUpDown(result);
  }
}
