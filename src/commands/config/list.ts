import { BaseCommand } from '../../cli/base-command.ts';
import { configListResult, describeSettings, type ConfigListResult } from '../../config/result.ts';
import { openConfig } from '../../config/store.ts';
import { renderConfigList } from '../../render/config.ts';

export default class ConfigList extends BaseCommand<ConfigListResult> {
  static override hiddenAliases = ['config:ls'];
  static override summary = "List the host's settings, what each is and what it means.";
  static override examples = [
    '<%= config.bin %> config list',
    '<%= config.bin %> config list --json | jq -r .file',
  ];
  static override readonly result = configListResult;

  async run(): Promise<ConfigListResult> {
    await this.parse(ConfigList);
    return describeSettings(openConfig(this.home), this.home.config);
  }

  protected render(result: ConfigListResult): string {
    return renderConfigList(result, this.terminal);
  }
}
