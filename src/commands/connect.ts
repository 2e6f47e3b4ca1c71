import { boolean, option, string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { flagOf, userArgument } from '../cli/flags.ts';
import { connectInput } from '../cli/connect-input.ts';
import { nameText } from '../name.ts';
import { clientNames } from '../connect/clients.ts';
import { connect } from '../connect/connect.ts';
import { connectResult, type ConnectResult } from '../connect/result.ts';
import { renderConnect } from '../render/connect.ts';

export default class Connect extends BaseCommand<ConnectResult> {
  static override summary = "Print what a client needs to reach a user's servers, or write it.";
  static override description =
    'Prints the address, the header and the block for each client’s settings. With --write the block is merged into the file; other entries, comments and formatting stay.';
  static override examples = [
    '<%= config.bin %> connect bob --client claude-code --new-token',
    '<%= config.bin %> connect bob --server filesystem --client vscode',
    '<%= config.bin %> connect bob --client cursor --write --token-stdin < token.txt',
  ];
  static override usage =
    'connect USER [-s NAME] [-c CLIENT] [--new-token | --token @FILE | --token-stdin] [-w [--file PATH]] [--json]';
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    server: flagOf(nameText)({
      char: 's',
      summary: 'One server; all if left out.',
      helpValue: 'NAME',
    }),
    client: option({ options: clientNames, char: 'c', summary: 'One client; all if left out.' })(),
    write: boolean({
      char: 'w',
      summary: 'Merge it into the client’s settings.',
      dependsOn: ['client'],
    }),
    file: string({
      summary: 'Settings file, in place of the client’s own.',
      dependsOn: ['write'],
      helpValue: 'PATH',
    }),
    'new-token': boolean({ summary: 'Make a token for it.' }),
    token: string({ summary: 'File with a token.', helpValue: '@FILE', exclusive: ['new-token'] }),
    'token-stdin': boolean({
      summary: 'Read a token from stdin.',
      exclusive: ['new-token', 'token'],
    }),
  };
  static override readonly result = connectResult;

  async run(): Promise<ConnectResult> {
    const { args, flags } = await this.parse(Connect);
    const input = await connectInput(flags, { env: process.env, signal: this.signal });
    const access = flags['new-token'] ? 'write' : 'read';
    return connect(await this.context(access), { ...input, userName: args.user });
  }

  protected render(result: ConnectResult): string {
    return renderConnect(result);
  }
}
