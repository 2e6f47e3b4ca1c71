import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { secretArgument } from '../../cli/secret-name.ts';
import { renderSecretRemove } from '../../render/secret.ts';
import { removeUserSecret, requireUserSecret } from '../../secrets/change.ts';
import { secretRemoveResult } from '../../secrets/result.ts';

type Result = z.infer<typeof secretRemoveResult>;

export default class SecretRemove extends BaseCommand<Result> {
  static override hiddenAliases = ['secret:rm'];
  static override summary = 'Remove a secret of a user.';
  static override examples = [
    '<%= config.bin %> secret remove bob GITHUB_TOKEN',
    '<%= config.bin %> secret remove bob GITHUB_TOKEN --yes',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
    name: secretArgument({ required: true, description: 'Name, e.g. GITHUB_TOKEN.' }),
  };
  static override flags = { yes };
  static override readonly result = secretRemoveResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(SecretRemove);
    const meant = { userName: args.user, name: args.name };
    const context = await this.context('write');
    requireUserSecret(context, meant);
    await confirm(`Remove ${args.name} of ${args.user}?`, { ...flags, signal: context.signal });
    return removeUserSecret(context, meant);
  }

  protected render(result: Result): string {
    return renderSecretRemove(result);
  }
}
