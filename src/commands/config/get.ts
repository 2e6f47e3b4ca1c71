import { string } from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { configGetResult, describeSetting, type ConfigGetResult } from '../../config/result.ts';
import { openConfig } from '../../config/store.ts';
import { renderConfigGet } from '../../render/config.ts';

export default class ConfigGet extends BaseCommand<ConfigGetResult> {
  static override summary = "Print one of the host's settings.";
  static override examples = ['<%= config.bin %> config get limits.memory'];
  static override args = {
    key: string({ required: true, description: 'Name of the setting.' }),
  };
  static override readonly result = configGetResult;

  async run(): Promise<ConfigGetResult> {
    const { args } = await this.parse(ConfigGet);
    return describeSetting(openConfig(this.home), args.key);
  }

  protected render(result: ConfigGetResult): string {
    return renderConfigGet(result);
  }
}
