import { BaseCommand } from '../../cli/base-command.ts';
import { renderTemplateList } from '../../render/template.ts';
import { listTemplates } from '../../templates/catalog.ts';
import {
  describeTemplates,
  templateListResult,
  type TemplateListResult,
} from '../../templates/result.ts';

export default class TemplateList extends BaseCommand<TemplateListResult> {
  static override hiddenAliases = ['template:ls'];
  static override summary = 'List the servers that users can be given.';
  static override description =
    'A folder of your own with a template.json works as well: mcpd server add bob/./my-template.';
  static override examples = [
    '<%= config.bin %> template list',
    '<%= config.bin %> template list --json | jq -r ".templates[].name"',
  ];
  static override readonly result = templateListResult;

  async run(): Promise<TemplateListResult> {
    await this.parse(TemplateList);
    return describeTemplates(await listTemplates(this.config.root));
  }

  protected render(result: TemplateListResult): string {
    return renderTemplateList(result, this.terminal);
  }
}
