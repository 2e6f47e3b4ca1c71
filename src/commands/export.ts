import { option } from '@oclif/core/flags';
import { writtenDocument, type WrittenDocument } from '../apply/document.ts';
import { exportDocument } from '../apply/export.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { userArgument } from '../cli/flags.ts';
import { renderExport } from '../render/export.ts';

export default class Export extends BaseCommand<WrittenDocument> {
  static override strict = false;
  static override summary = 'Print the document that makes what there is, for `apply`.';
  static override description =
    'Values of secrets are not in it: each has a reference to be filled in. Users that end by themselves are left out.';
  static override examples = [
    '<%= config.bin %> export > tenants.yaml',
    '<%= config.bin %> export bob alice --format json',
  ];
  static override args = {
    user: userArgument({ description: 'Names of users; all if left out.' }),
  };
  static override flags = {
    format: option({ options: ['yaml', 'json'] as const })({
      summary: 'How it is written.',
      default: 'yaml' as const,
    }),
  };
  static override readonly result = writtenDocument;

  #format: 'yaml' | 'json' = 'yaml';

  async run(): Promise<WrittenDocument> {
    const { argv, flags } = await this.parse(Export);
    this.#format = flags.format;
    return exportDocument(await this.context('read'), argv as string[]);
  }

  protected render(document: WrittenDocument): string {
    return renderExport(document, this.#format);
  }
}
