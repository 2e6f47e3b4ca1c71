import { boolean, integer, string } from '@oclif/core/flags';
import { BaseCommand, type Failure } from '../cli/base-command.ts';
import { oneByOne, timeout, userArgument } from '../cli/flags.ts';
import { requireNamesOrAll, usersOrAll } from '../cli/subjects.ts';
import { renderUpgrade } from '../render/upgrade.ts';
import { failureOf } from '../upgrade/failure.ts';
import { upgradeResult, type UpgradeResult } from '../upgrade/result.ts';
import { upgradeServers } from '../upgrade/upgrade.ts';

export default class Upgrade extends BaseCommand<UpgradeResult> {
  static override strict = false;
  static override summary = 'Move servers to their newest version, each with the way back.';
  static override description =
    'A version is the template and the image that a server was ready with; only this command changes it. A server is replaced by one that gets ready on the same port; else the container of before comes back. Exit code 7 when some failed, 6 when the only one did.';
  static override examples = [
    '<%= config.bin %> upgrade --all --dry-run',
    '<%= config.bin %> upgrade --all --canary 1',
    '<%= config.bin %> upgrade bob --template filesystem',
  ];
  static override args = { user: userArgument({ description: 'Names of users.' }) };
  static override flags = {
    all: boolean({ summary: 'All users.', default: false }),
    template: string({
      summary: 'Only servers made from this template.',
      helpValue: 'NAME|FOLDER',
    }),
    'dry-run': boolean({
      summary: 'Say what there is to upgrade; build and change nothing.',
      default: false,
    }),
    canary: integer({
      summary: 'Users to begin with, always one by one; when one fails, no more are begun.',
      min: 0,
      default: 0,
      helpValue: 'N',
    }),
    parallel: oneByOne,
    timeout,
  };
  static override readonly result = upgradeResult;

  async run(): Promise<UpgradeResult> {
    const { argv, flags } = await this.parse(Upgrade);
    const names = argv as string[];
    const examples = ['mcpd upgrade bob', 'mcpd upgrade --all --dry-run'];
    requireNamesOrAll(names, { all: flags.all, examples });
    const access = flags['dry-run'] ? 'read' : 'write';
    const context = await this.context(access, usersOrAll(names));
    return upgradeServers(context, {
      names,
      template: flags.template,
      dryRun: flags['dry-run'],
      canary: flags.canary,
      parallel: flags.parallel,
      timeoutMs: flags.timeout,
    });
  }

  protected override failure(result: UpgradeResult): Failure | undefined {
    return failureOf(result);
  }

  protected render(result: UpgradeResult): string {
    return renderUpgrade(result);
  }
}
