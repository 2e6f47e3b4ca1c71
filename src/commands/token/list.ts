import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { renderTokenList } from '../../render/token.ts';
import { listUserTokens } from '../../tokens/change.ts';
import { tokenListResult } from '../../tokens/result.ts';

type Result = z.infer<typeof tokenListResult>;

export default class TokenList extends BaseCommand<Result> {
  static override hiddenAliases = ['token:ls'];
  static override summary = "List a user's live tokens.";
  static override examples = [
    '<%= config.bin %> token list bob',
    '<%= config.bin %> token list bob --all --json',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    all: boolean({ char: 'a', summary: 'Also those that are expired or revoked.' }),
  };
  static override readonly result = tokenListResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(TokenList);
    return listUserTokens(await this.context('read'), { userName: args.user, all: flags.all });
  }

  protected render(result: Result): string {
    return renderTokenList(result);
  }
}
