import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { targetArgument } from '../cli/flags.ts';
import { showStatus, statusResult, type StatusResult } from '../observe/status.ts';
import { renderStatus } from '../render/status.ts';
import { styleFor } from '../render/style.ts';

export default class Status extends BaseCommand<StatusResult> {
  static override summary = 'Show how servers are: state, uptime, restarts, out-of-memory kills.';
  static override description =
    'Without an engine it shows what the registry knows, and says so on stderr.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status bob --probe',
    '<%= config.bin %> status bob/filesystem --json',
  ];
  static override args = {
    target: targetArgument({
      description: 'A user, or one server: bob/filesystem. All if left out.',
    }),
  };
  static override flags = {
    probe: boolean({ summary: 'Ask each running server for an MCP handshake.' }),
  };
  static override readonly result = statusResult;

  async run(): Promise<StatusResult> {
    const { args, flags } = await this.parse(Status);
    const { target } = args;
    return showStatus(await this.context('read'), { target, probe: flags.probe });
  }

  protected render(result: StatusResult): string {
    return renderStatus(result, styleFor(process.stdout, process.env));
  }
}
