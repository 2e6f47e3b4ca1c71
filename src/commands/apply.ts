import { boolean, string } from '@oclif/core/flags';
import { previewOf, planFor } from '../apply/apply.ts';
import { carryOut } from '../apply/carry-out.ts';
import { openDocument, subjectsOf } from '../apply/open.ts';
import { applyResult, type ApplyResult } from '../apply/result.ts';
import { BaseCommand, type Failure } from '../cli/base-command.ts';
import { parallel, timeout, yes } from '../cli/flags.ts';
import { confirm } from '../cli/prompt.ts';
import { readDocument } from '../cli/read-document.ts';
import { renderApply } from '../render/apply.ts';

export default class Apply extends BaseCommand<ApplyResult> {
  static override summary = 'Make groups and users as a document describes them.';
  static override description =
    'The document is all of the truth about the users it lists: what they have and it lacks is taken away. Users that it does not list are left alone without --prune. See docs/apply.md.';
  static override examples = [
    '<%= config.bin %> apply -f tenants.yaml --dry-run',
    '<%= config.bin %> apply -f tenants.yaml --parallel 8',
    '<%= config.bin %> apply -f tenants.yaml --prune --yes',
    '<%= config.bin %> export | <%= config.bin %> apply -f -',
  ];
  static override flags = {
    file: string({
      char: 'f',
      required: true,
      summary: 'The document, YAML or JSON; - for stdin.',
      helpValue: 'FILE',
    }),
    'dry-run': boolean({ summary: 'Only print what would be done, and why.' }),
    prune: boolean({ summary: 'Remove users and groups that it does not list.' }),
    parallel,
    timeout,
    yes,
  };
  static override readonly result = applyResult;
  #ending: Failure | undefined;

  async run(): Promise<ApplyResult> {
    const { flags } = await this.parse(Apply);
    const isDry = flags['dry-run'];
    const { signal } = this;
    const text = await readDocument(flags.file, { signal });
    const world = { assets: this.config.root, env: process.env, signal, runs: !isDry };
    const document = await openDocument(text, world);
    const context = await this.context(isDry ? 'read' : 'write', subjectsOf(document, flags));
    const plan = await planFor(context, document, flags);
    if (isDry) return previewOf(plan);
    const names = [...plan.removals, ...plan.leftovers].map(({ subject }) => subject);
    const question = `Remove ${names.join(', ')}? Workspaces are kept.`;
    if (names.length > 0) await confirm(question, { yes: flags.yes, signal });
    const { wanted } = document;
    const { parallel: most, timeout: timeoutMs } = flags;
    const { result, ending } = await carryOut(context, { plan, wanted, parallel: most, timeoutMs });
    this.#ending = ending;
    return result;
  }

  protected override failure(): Failure | undefined {
    return this.#ending;
  }

  protected render(result: ApplyResult): string {
    return renderApply(result);
  }
}
