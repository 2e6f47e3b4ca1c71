import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { renderSecretList } from '../../render/secret.ts';
import { listUserSecrets } from '../../secrets/change.ts';
import { secretListResult } from '../../secrets/result.ts';

type Result = z.infer<typeof secretListResult>;

export default class SecretList extends BaseCommand<Result> {
  static override hiddenAliases = ['secret:ls'];
  static override summary = "List the names of a user's secrets, and which servers get them.";
  static override examples = [
    '<%= config.bin %> secret list bob',
    '<%= config.bin %> secret list bob --json',
  ];
  static override args = {
    user: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override readonly result = secretListResult;

  async run(): Promise<Result> {
    const { args } = await this.parse(SecretList);
    return listUserSecrets(await this.context('read'), args.user);
  }

  protected render(result: Result): string {
    return renderSecretList(result);
  }
}
