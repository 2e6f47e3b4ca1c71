import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { targetArgument } from '../cli/flags.ts';
import { statsResult, takeStats, type StatsResult } from '../observe/stats.ts';
import { onScreen, renderStats, rewind } from '../render/stats.ts';
import { styleFor } from '../render/style.ts';

export default class Stats extends BaseCommand<StatsResult> {
  static override summary = 'Show what servers use of their caps, live.';
  static override description =
    'On a terminal it refreshes until Ctrl-C; in a pipe and under --json it takes one sample.';
  static override examples = [
    '<%= config.bin %> stats',
    '<%= config.bin %> stats bob --no-stream',
    '<%= config.bin %> stats bob/filesystem --json',
  ];
  static override args = {
    target: targetArgument({
      description: 'A user, or one server: bob/filesystem. All if left out.',
    }),
  };
  static override flags = {
    stream: boolean({
      summary: 'Refresh until Ctrl-C.',
      default: true,
      allowNo: true,
    }),
  };
  static override readonly result = statsResult;

  async run(): Promise<StatsResult> {
    const { args, flags } = await this.parse(Stats);
    const context = await this.context('read');
    const isLive = flags.stream && process.stdout.isTTY && !this.jsonEnabled();
    if (isLive) await this.#refresh(() => takeStats(context, args.target));
    this.signal.throwIfAborted();
    return takeStats(context, args.target);
  }

  async #refresh(take: () => Promise<StatsResult>): Promise<void> {
    let text = '';
    while (!this.signal.aborted) {
      const lines = text.split('\n').length - 1;
      // What has scrolled off can't be written over.
      text = `${onScreen(this.render(await take()), process.stdout.rows)}\n`;
      process.stdout.write(rewind(lines) + text);
    }
  }

  protected render(result: StatsResult): string {
    return renderStats(result, styleFor(process.stdout, process.env), this.terminal);
  }
}
