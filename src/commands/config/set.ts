import { string } from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { changeSetting, configSetResult, type ConfigSetResult } from '../../config/result.ts';
import { openConfig } from '../../config/store.ts';
import { renderConfigSet } from '../../render/config.ts';

export default class ConfigSet extends BaseCommand<ConfigSetResult> {
  static override summary = "Change one of the host's settings.";
  static override description =
    'It holds for new users at once, and for others from the next `up`.';
  static override examples = [
    '<%= config.bin %> config set limits.memory 1g',
    '<%= config.bin %> config set workspaceRoots /home,/srv,/data',
  ];
  static override args = {
    key: string({ required: true, description: 'Name of the setting.' }),
    value: string({ required: true, description: 'Its value; a list with commas between.' }),
  };
  static override readonly result = configSetResult;

  async run(): Promise<ConfigSetResult> {
    const { args } = await this.parse(ConfigSet);
    const { home } = await this.context('write');
    return changeSetting(openConfig(home), { key: args.key, text: args.value });
  }

  protected render(result: ConfigSetResult): string {
    return renderConfigSet(result);
  }
}
