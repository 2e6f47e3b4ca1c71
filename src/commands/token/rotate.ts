import { string } from '@oclif/core/args';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { durationOrNone, durationText } from '../../cli/duration.ts';
import { flagOf, userArgument } from '../../cli/flags.ts';
import { tokenRotateRemark } from '../../render/token.ts';
import { rotateUserToken } from '../../tokens/change.ts';
import { tokenRotateResult } from '../../tokens/result.ts';

type Result = z.infer<typeof tokenRotateResult>;

export default class TokenRotate extends BaseCommand<Result> {
  static override summary = 'Replace a token by a new one. It is shown once.';
  static override description =
    'The new token has the name, scopes and servers of the old one, and lasts as long as that was made for. The old one goes on working for a while, so that clients can change over.';
  static override examples = [
    '<%= config.bin %> token rotate bob laptop',
    '<%= config.bin %> token rotate bob ci --overlap 10m --ttl 30d',
    '<%= config.bin %> token rotate bob ci --overlap 0 --json | jq -r .value',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
    token: string({ required: true, description: 'Name or id of the token.' }),
  };
  static override flags = {
    overlap: flagOf(durationOrNone)({
      summary: 'How long the old token still works; 0: not at all.',
      default: 3_600_000,
      defaultHelp: async () => '1h',
      helpValue: 'DURATION',
    }),
    ttl: flagOf(durationText)({
      summary: 'Let the new one expire after this long, e.g. 30d.',
      helpValue: 'DURATION',
    }),
  };
  static override readonly result = tokenRotateResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(TokenRotate);
    return rotateUserToken(await this.context('write'), {
      userName: args.user,
      idOrName: args.token,
      overlapMs: flags.overlap,
      ttlMs: flags.ttl,
    });
  }

  protected render({ value }: Result): string {
    return value;
  }

  protected override remark(result: Result): string {
    return tokenRotateRemark(result);
  }
}
