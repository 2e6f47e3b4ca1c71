import { option, string } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { flagOf, userArgument } from '../../cli/flags.ts';
import { durationText } from '../../cli/duration.ts';
import { grantableScopes } from '../../policy/scopes.ts';
import { renderTokenCreate } from '../../render/token.ts';
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
    '<%= config.bin %> token create bob --name ci --json | jq -r .value',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    name: string({ summary: 'What to call it.', default: 'default' }),
    scope: option({
      options: grantableScopes,
      multiple: true,
      multipleNonGreedy: true,
      summary: 'What it may be used for; everything but admin if left out.',
    })(),
    server: string({
      char: 's',
      summary: 'Servers that it opens, separated by commas; all if left out.',
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

  protected render(result: Result): string {
    return renderTokenCreate(result);
  }
}
