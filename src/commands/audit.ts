import { boolean, integer, string } from '@oclif/core/flags';
import { openAudit } from '../audit/open.ts';
import { readControl } from '../audit/read-control.ts';
import { auditResult } from '../audit/result.ts';
import { flagOf, targetArgument } from '../cli/flags.ts';
import { sinceText } from '../cli/since.ts';
import { StreamingCommand } from '../cli/streaming-command.ts';
import { UsageError } from '../errors.ts';
import { auditRenderer, renderControlLine } from '../render/audit.ts';
import { styleFor } from '../render/style.ts';

export default class Audit extends StreamingCommand {
  static override summary =
    'Show what clients asked of a user’s servers, or what commands changed.';
  static override description =
    'Arguments are shown by their shape, never by their values. Under --json -f each line is one JSON document.';
  static override examples = [
    '<%= config.bin %> audit bob --since 1h --failed',
    '<%= config.bin %> audit bob/filesystem --tool read_file -f',
    '<%= config.bin %> audit bob --json | jq ".records[].method"',
    '<%= config.bin %> audit --control --since 1d',
  ];
  static override args = {
    target: targetArgument({ description: 'A user, or one server: bob/filesystem.' }),
  };
  static override flags = {
    control: boolean({
      summary: 'Show commands that were to change something.',
      exclusive: ['method', 'tool', 'tail'],
    }),
    since: flagOf(sinceText)({
      summary: 'Only since then: 10m for ten minutes ago, or 2026-01-31T12:00:00Z.',
      helpValue: 'TIME',
    }),
    until: flagOf(sinceText)({ summary: 'Only before then.', helpValue: 'TIME' }),
    method: string({ summary: 'Only this method, e.g. tools/call.', helpValue: 'METHOD' }),
    tool: string({ summary: 'Only calls of this tool.', helpValue: 'NAME' }),
    failed: boolean({ summary: 'Only what did not end well.' }),
    tail: integer({ char: 'n', summary: 'The last N of each server.', min: 0, helpValue: 'N' }),
    follow: boolean({ char: 'f', summary: 'Go on with new ones until Ctrl-C.' }),
  };
  static override readonly result = auditResult;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Audit);
    const context = await this.context('read');
    const now = context.clock.now();
    const { control, since, until, ...filter } = flags;
    const times = { since: since?.(now), until: until?.(now) };
    const style = styleFor(process.stdout, process.env);
    const perLine = filter.follow;
    if (control) {
      if (args.target) throw subjectError('--control tells of all commands, not of one user’s.');
      const records = readControl(context, { ...filter, ...times });
      return this.print({ records, textOf: (line) => renderControlLine(line, style), perLine });
    }
    if (!args.target)
      throw subjectError('Whose audit? Name a user or a server, or give --control.');
    const { keys, records } = openAudit(context, { target: args.target, ...filter, ...times });
    return this.print({ records, textOf: auditRenderer({ keys, style }), perLine });
  }
}

function subjectError(message: string): UsageError {
  const suggestions = ['mcpd audit bob', 'mcpd audit --control'];
  return new UsageError(message, { code: 'NO_TARGET', suggestions });
}
