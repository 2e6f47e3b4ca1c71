import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { parallel, timeout, userArgument } from '../cli/flags.ts';
import { usersOrAll } from '../cli/subjects.ts';
import { renderUpDown } from '../render/plan.ts';
import { bringUp, upDownResult } from '../user/up-down.ts';

type Result = z.infer<typeof upDownResult>;

export default class Up extends BaseCommand<Result> {
  static override strict = false;
  static override summary =
    'Bring users to what the registry says: create, start, mend what drifted.';
  static override description =
    'Run it after a reboot: secrets live in memory only, and containers wait for them. Users past their --ttl are removed.';
  static override examples = ['<%= config.bin %> up', '<%= config.bin %> up bob alice'];
  static override args = {
    user: userArgument({ description: 'Names of users; all if left out.' }),
  };
  static override flags = {
    timeout,
    wait: boolean({ summary: 'Wait until the servers are ready.', default: true, allowNo: true }),
    'leave-down': boolean({ summary: 'Leave down whom `mcpd down` took down.' }),
    parallel,
  };
  static override readonly result = upDownResult;

  async run(): Promise<Result> {
    const { argv, flags } = await this.parse(Up);
    const names = argv as string[];
    return bringUp(await this.context('write', usersOrAll(names)), {
      names,
      waitMs: flags.wait ? flags.timeout : undefined,
      parallel: flags.parallel,
      leaveDown: flags['leave-down'],
    });
  }

  protected render(result: Result): string {
    return renderUpDown(result);
  }
}
