import { string } from '@oclif/core/args';
import * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { bashScript } from '../cli/completion/bash.ts';
import { fishScript } from '../cli/completion/fish.ts';
import { commandTree } from '../cli/completion/tree.ts';
import { zshScript } from '../cli/completion/zsh.ts';

const result = z.object({ shell: z.string(), script: z.string() });
type Result = z.infer<typeof result>;

const shells = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
]);

export default class Completion extends BaseCommand<Result> {
  static override summary = 'Print a script that completes commands, flags and names in a shell.';
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'eval "$(mcpd completion bash)"' },
    { description: 'zsh, in ~/.zshrc', command: 'eval "$(mcpd completion zsh)"' },
    { description: 'fish', command: 'mcpd completion fish > ~/.config/fish/completions/mcpd.fish' },
  ];
  static override args = {
    shell: string({ required: true, options: [...shells.keys()], description: 'Your shell.' }),
  };
  static override readonly result = result;

  async run(): Promise<Result> {
    const { args } = await this.parse(Completion);
    const script = shells.get(args.shell) ?? bashScript;
    return {
      shell: args.shell,
      script: script(commandTree(this.config.commands, this.config.topics)),
    };
  }

  protected render({ script }: Result): string {
    return script;
  }
}
