import { string as text } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { readValue } from '../../cli/read-value.ts';
import { secretArgument, valueOnCommandLine } from '../../cli/secret-name.ts';
import { getUser } from '../../registry/users.ts';
import { renderSecretSet } from '../../render/secret.ts';
import { setUserSecret } from '../../secrets/change.ts';
import { secretSetResult } from '../../secrets/result.ts';
import { checkSecretName } from '../../secrets/value.ts';

type Result = z.infer<typeof secretSetResult>;

export default class SecretSet extends BaseCommand<Result> {
  static override summary = 'Set a secret of a user, from stdin or a file.';
  static override description =
    'Kept encrypted, and given to those of the user’s servers that declare it. On a terminal the value is asked for and not shown.';
  static override examples = [
    '<%= config.bin %> secret set bob GITHUB_TOKEN',
    '<%= config.bin %> secret set bob GITHUB_TOKEN < token.txt',
    '<%= config.bin %> secret set bob GITHUB_TOKEN --from @token.txt',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
    name: secretArgument({ required: true, description: 'Name, e.g. GITHUB_TOKEN.' }),
    // Any number of words, so that the parser doesn't repeat those of a value without quotes.
    value: text({ hidden: true, multiple: true, description: 'Refused.' }),
  };
  static override flags = {
    from: string({
      char: 'f',
      aliases: ['file'],
      summary: 'File to read the value from; - for stdin.',
      helpValue: '@FILE',
    }),
  };
  static override readonly result = secretSetResult;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(SecretSet);
    if (args.value !== undefined) throw valueOnCommandLine();
    checkSecretName(args.name);
    const context = await this.context('write');
    // Before anything is asked for.
    getUser(context.registry, args.user);
    const value = await readValue({ from: flags.from, label: args.name, signal: this.signal });
    return setUserSecret(context, { userName: args.user, name: args.name, value });
  }

  protected render(result: Result): string {
    return renderSecretSet(result);
  }
}
