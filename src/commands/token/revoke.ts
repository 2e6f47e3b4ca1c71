import { string } from '@oclif/core/args';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { renderTokenRevoke } from '../../render/token.ts';
import { requireUserToken, revokeUserToken } from '../../tokens/change.ts';
import { tokenRevokeResult } from '../../tokens/result.ts';

type Result = z.infer<typeof tokenRevokeResult>;

export default class TokenRevoke extends BaseCommand<Result> {
  static override summary = 'Revoke a token: servers refuse it from the next request on.';
  static override examples = [
    '<%= config.bin %> token revoke bob laptop',
    '<%= config.bin %> token revoke bob t7k2m4q6x3a --yes',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
    token: string({ required: true, description: 'Name or id of the token.' }),
  };
  static override flags = { yes };
  static override readonly result = tokenRevokeResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(TokenRevoke);
    const meant = { userName: args.user, idOrName: args.token };
    const context = await this.context('write');
    requireUserToken(context, meant);
    await confirm(`Revoke ${args.token} of ${args.user}?`, { ...flags, signal: context.signal });
    return revokeUserToken(context, meant);
  }

  protected render(result: Result): string {
    return renderTokenRevoke(result);
  }
}
