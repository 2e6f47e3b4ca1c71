import { option, string } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { flagOf, userArgument } from '../../cli/flags.ts';
import { durationText } from '../../cli/duration.ts';
import { grantableScopes } from '../../policy/scopes.ts';
import { tokenCreateRemark } from '../../render/token.ts';
import { createUserToken } from '../../tokens/change.ts';
import { tokenCreateResult } from '../../tokens/result.ts';

type Result = z.infer<typeof tokenCreateResult>;

export default class TokenCreate extends BaseCommand<Result> {
  static override summary = 'Make a token for a user. It is shown once.';
  static override description =
    "A token opens servers of its user and nobody else's: all of them, or those of --server. It ends with the user, or after --ttl.";
  static override examples = [
    '<%= config.bin %> token create bob --name laptop',
    '<%= config.bin %> token create bob --name ci --scope tools:read --scope tools:call --ttl 30d',
    '<%= config.bin %> token create bob --name notes --server filesystem,memory',
    'TOKEN=$(<%= config.bin %> token create bob --name ci --ttl 1h)',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    name: string({
      summary: 'What to call it; if left out default, or default-2 and so on.',
      helpValue: 'NAME',
    }),
    scope: option({
      options: grantableScopes,
      multiple: true,
      multipleNonGreedy: true,
      summary: 'What it may be used for; everything but admin if left out.',
    })(),
    server: string({
      char: 's',
      summary: 'Servers that it opens, separated by commas; all if left out.',
      helpValue: 'NAME,…',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    ttl: flagOf(durationText)({
      summary: 'Let it expire after this long, e.g. 30d.',
      helpValue: 'DURATION',
    }),
  };
  static override readonly result = tokenCreateResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(TokenCreate);
    return createUserToken(await this.context('write'), {
      userName: args.user,
      name: flags.name,
      scopes: flags.scope,
      servers: flags.server,
      ttlMs: flags.ttl,
    });
  }

  protected render({ value }: Result): string {
    return value;
  }

  protected override remark(result: Result): string {
    return tokenCreateRemark(result);
  }
}
