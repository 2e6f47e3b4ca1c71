import { string } from '@oclif/core/args';
import { BaseCommand } from '../cli/base-command.ts';
import { serverArgument } from '../cli/flags.ts';
import { UsageError } from '../errors.ts';
import { captureInServer, execResult, runInServer, type ExecResult } from '../observe/exec.ts';
import { terminalStreams } from '../observe/terminal.ts';

export default class Exec extends BaseCommand<ExecResult> {
  static override summary = "Run a command beside a server, as its user's own uid.";
  static override description =
    'Ends with the exit code of the command. With a terminal on both ends it gets one of its own.';
  static override examples = [
    '<%= config.bin %> exec bob/filesystem -- ls -la /workspace',
    'cat data.csv | <%= config.bin %> exec bob/filesystem -- tee data.csv',
  ];
  static override usage = 'exec USER/SERVER -- COMMAND…';
  static override args = {
    server: serverArgument({ required: true, description: 'One server: bob/filesystem.' }),
    command: string({ multiple: true, description: 'The command, and what it is given.' }),
  };
  static override readonly result = execResult;

  async run(): Promise<ExecResult> {
    const { args } = await this.parse(Exec);
    // A list, which oclif's types don't know. Its `argv` is no use: there it sorts words that are the same together.
    const argv = (args.command ?? []) as unknown as readonly string[];
    const request = { target: args.server, argv };
    if (request.argv.length === 0) {
      const key = `${args.server.user}/${args.server.server}`;
      throw new UsageError('There is no command to run.', {
        code: 'USAGE',
        suggestions: [`mcpd exec ${key} -- COMMAND`],
      });
    }
    const context = await this.context('act');
    if (this.jsonEnabled()) {
      const stdin = process.stdin.isTTY ? undefined : process.stdin;
      const result = await captureInServer(context, request, stdin);
      process.exitCode = result.exitCode;
      return result;
    }
    using streams = terminalStreams(process);
    const exitCode = await runInServer(context, request, streams);
    process.exitCode = exitCode;
    return { exitCode, stdout: '', stderr: '', truncated: false };
  }

  /** The command to run may hold anything: it is in no record or message. */
  protected override get named(): number {
    return 1;
  }

  protected render(): string {
    return '';
  }
}
