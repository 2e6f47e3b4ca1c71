import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { usersOrAll } from '../cli/subjects.ts';
import { collectGarbage } from '../gc/collect.ts';
import { gcResult, type GcResult } from '../gc/result.ts';
import { renderGc } from '../render/gc.ts';

export default class Gc extends BaseCommand<GcResult> {
  static override summary = 'Remove users past their time, and what killed commands left behind.';
  static override description =
    'Safe at any time, and beside any other command. For a timer; `user add` and `run` remove a few of the expired on their way.';
  static override examples = [
    '<%= config.bin %> gc',
    '<%= config.bin %> gc --dry-run',
    '<%= config.bin %> gc --json | jq -r ".removed[].name"',
  ];
  static override flags = {
    'dry-run': boolean({
      summary: 'Say what would be removed, and why; remove nothing.',
      default: false,
    }),
  };
  static override readonly result = gcResult;

  async run(): Promise<GcResult> {
    const { flags } = await this.parse(Gc);
    const dryRun = flags['dry-run'];
    const context = await this.context(dryRun ? 'read' : 'act', usersOrAll([]));
    return collectGarbage(context, { dryRun });
  }

  protected render(result: GcResult): string {
    return renderGc(result, this.terminal);
  }
}
