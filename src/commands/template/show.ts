import { string } from '@oclif/core/args';
import { BaseCommand } from '../../cli/base-command.ts';
import { renderTemplateShow } from '../../render/template.ts';
import { findTemplate } from '../../templates/catalog.ts';
import { templateShowResult, type TemplateShowResult } from '../../templates/result.ts';
import { describeTemplate } from '../../templates/show.ts';

export default class TemplateShow extends BaseCommand<TemplateShowResult> {
  static override summary = 'Show a template: where its server comes from, and what it needs.';
  static override examples = [
    '<%= config.bin %> template show filesystem',
    '<%= config.bin %> template show ./my-template --json',
  ];
  static override args = {
    template: string({ required: true, description: 'Name, or path of a template folder.' }),
  };
  static override readonly result = templateShowResult;

  async run(): Promise<TemplateShowResult> {
    const { args } = await this.parse(TemplateShow);
    return describeTemplate(await findTemplate(args.template, this.config.root));
  }

  protected render(result: TemplateShowResult): string {
    return renderTemplateShow(result);
  }
}
