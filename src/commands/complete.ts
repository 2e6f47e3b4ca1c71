import { string } from '@oclif/core/args';
import * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { existingNames } from '../cli/completion/names.ts';
import { nameKinds, type NameKind } from '../cli/completion/tree.ts';

const result = z.object({ names: z.array(z.string()) });
type Result = z.infer<typeof result>;

export default class Complete extends BaseCommand<Result> {
  static override hidden = true;
  static override summary = 'Print existing names, for shell completion.';
  static override examples = ['<%= config.bin %> complete users'];
  static override args = {
    kind: string({ required: true, options: [...nameKinds], description: 'Which names.' }),
  };
  static override readonly result = result;

  async run(): Promise<Result> {
    const { args } = await this.parse(Complete);
    return { names: await existingNames(await this.context('read'), args.kind as NameKind) };
  }

  protected render({ names }: Result): string {
    return names.join('\n');
  }
}
