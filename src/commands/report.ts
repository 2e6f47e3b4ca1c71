import { boolean, option } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { flagOf, targetArgument } from '../cli/flags.ts';
import { sinceText } from '../cli/since.ts';
import { UsageError } from '../errors.ts';
import { renderReport, reportFormats } from '../render/report.ts';
import { makeReport } from '../report/report.ts';
import { reportResult, type ReportResult } from '../report/result.ts';
import { sortKeys } from '../report/rows.ts';

const weekMs = 7 * 86_400_000;

export default class Report extends BaseCommand<ReportResult> {
  static override summary = 'Report what users did with their servers, and what it cost.';
  static override description =
    'Reads the hourly records that bridges keep, so it needs no engine. Hours and days are UTC. ' +
    'Percentiles are estimated from counts by power of two; see docs/metrics.md.';
  static override examples = [
    '<%= config.bin %> report bob',
    '<%= config.bin %> report bob/filesystem --since 24h --by hour',
    '<%= config.bin %> report --all --sort errors',
    '<%= config.bin %> report --all --since 30d --format html > report.html',
    '<%= config.bin %> report --by server --json | jq ".rows[] | select(.errorRate > 0.05)"',
  ];
  static override args = {
    target: targetArgument({
      description: 'A user, or one server: bob/filesystem. All if left out.',
    }),
  };
  static override flags = {
    all: boolean({ summary: 'Rank all users.', exclusive: ['by'] }),
    since: flagOf(sinceText)({
      summary: 'Begin there: 24h for a day ago, or 2026-01-31.',
      default: async () => (now: number) => now - weekMs,
      defaultHelp: async () => '7d',
      helpValue: 'TIME',
    }),
    until: flagOf(sinceText)({ summary: 'End there; now if left out.', helpValue: 'TIME' }),
    by: option({
      summary: 'What the rows are; tools if left out.',
      options: ['tool', 'server', 'day', 'hour'] as const,
    })(),
    sort: option({ summary: 'What the rows are ranked by.', options: sortKeys })(),
    measure: boolean({ summary: 'Count the files of workspaces that are plain folders.' }),
    format: option({
      summary: 'How it is written; html is a page of its own, with plots.',
      options: reportFormats,
      default: 'table' as const,
    })(),
  };
  static override readonly result = reportResult;

  async run(): Promise<ReportResult> {
    const { args, flags } = await this.parse(Report);
    if (flags.all && args.target) {
      throw new UsageError('--all is about all users: leave it or the user out.', {
        code: 'USAGE',
      });
    }
    const context = await this.context('read');
    const now = context.clock.now();
    this.#format = flags.format;
    return makeReport(context, {
      target: args.target,
      since: flags.since(now),
      until: flags.until?.(now) ?? now,
      by: flags.all ? 'user' : (flags.by ?? 'tool'),
      sort: flags.sort,
      plots: flags.format === 'html',
      measure: flags.measure,
    });
  }

  #format: (typeof reportFormats)[number] = 'table';

  protected render(result: ReportResult): string {
    return renderReport(result, { format: this.#format, ...this.terminal });
  }
}
