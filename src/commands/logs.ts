import { boolean, integer } from '@oclif/core/flags';
import { flagOf, targetArgument } from '../cli/flags.ts';
import { sinceText } from '../cli/since.ts';
import { StreamingCommand } from '../cli/streaming-command.ts';
import { logLineResult, openLogs } from '../observe/logs.ts';
import { logRenderer } from '../render/logs.ts';
import { styleFor } from '../render/style.ts';

/** Streams; what it prints under `--json` is one document per line. */
export default class Logs extends StreamingCommand {
  static override summary = "Show the logs of a server, or of all of a user's, interleaved.";
  static override description = 'Under --json each line is one JSON document.';
  static override examples = [
    '<%= config.bin %> logs bob/filesystem --tail 100',
    '<%= config.bin %> logs bob -f --since 10m --timestamps',
    '<%= config.bin %> logs bob --json | jq -r .line',
  ];
  static override args = {
    target: targetArgument({
      required: true,
      description: 'A user, or one server: bob/filesystem.',
    }),
  };
  static override flags = {
    follow: boolean({ char: 'f', summary: 'Go on with new lines until Ctrl-C.' }),
    tail: integer({
      char: 'n',
      summary: 'Begin with the last N lines of each server.',
      min: 0,
      helpValue: 'N',
    }),
    since: flagOf(sinceText)({
      summary: 'Only lines since then: 10m for ten minutes ago, or 2026-01-31T12:00:00Z.',
      helpValue: 'TIME',
    }),
    timestamps: boolean({ char: 't', summary: 'Begin each line with the time the engine got it.' }),
  };
  static override readonly result = logLineResult;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Logs);
    const context = await this.context('read');
    const { keys, lines } = await openLogs(context, {
      target: args.target,
      follow: flags.follow,
      ...(flags.tail === undefined ? {} : { tail: flags.tail }),
      ...(flags.since === undefined ? {} : { since: flags.since(context.clock.now()) }),
    });
    const style = styleFor(process.stdout, process.env);
    const { timestamps } = flags;
    const textOf = logRenderer({ keys, timestamps, style, isTerminal: process.stdout.isTTY });
    return this.print({ records: lines, textOf, perLine: true });
  }
}
