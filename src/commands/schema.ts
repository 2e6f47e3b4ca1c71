import { string } from '@oclif/core/args';
import * as z from 'zod';
import { BaseCommand } from '../cli/base-command.ts';
import { allSchemas, schemaOf } from '../cli/schemas.ts';

type Document = Record<string, unknown>;

export default class Schema extends BaseCommand<Document> {
  static override summary = 'Print the JSON Schema of what commands answer under --json.';
  static override description =
    'Without a command: those of all commands by name, and that of an error.';
  static override strict = false;
  static override examples = [
    { description: 'What `mcpd user add --json` answers', command: 'mcpd schema user add' },
    { description: 'Everything, into a file', command: 'mcpd schema > mcpd.schema.json' },
  ];
  static override args = { command: string({ description: 'a command, e.g. user add' }) };
  static override result = z.record(z.string(), z.unknown());

  async run(): Promise<Document> {
    const { argv } = await this.parse(Schema);
    const name = argv.join(' ');
    return name ? schemaOf(this.config.commands, name) : allSchemas(this.config.commands);
  }

  protected render(result: Document): string {
    return JSON.stringify(result, undefined, 2);
  }
}
