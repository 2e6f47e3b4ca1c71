import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { ofRun, parallel, userArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { UsageError } from '../../errors.ts';
import { renderRunRemove, renderUserRemove } from '../../render/user.ts';
import { namesOf, removeQuestion, type Whom } from '../../user/remove-question.ts';
import { removeRun, removeUserCompletely } from '../../user/remove.ts';
import { userRemoveOutput } from '../../user/result.ts';

type Result = z.infer<typeof userRemoveOutput>;

export default class UserRemove extends BaseCommand<Result> {
  static override hiddenAliases = ['user:rm'];
  static override summary = 'Remove a user: containers, network, secrets, tokens and reservations.';
  static override description =
    'The workspace and the audit are kept unless --purge is given. With --run-id all users of a CI run go; none is as good.';
  static override examples = [
    '<%= config.bin %> user remove bob',
    '<%= config.bin %> user remove bob --purge --yes',
    '<%= config.bin %> user remove --run-id 1234 --purge --yes',
  ];
  static override usage = 'user remove NAME | --run-id ID [--purge] [-y] [--json]';
  static override args = { name: userArgument({ description: 'Name of the user.' }) };
  static override flags = {
    'run-id': ofRun,
    purge: boolean({
      summary: 'Delete the audit too, and the workspace unless --workspace chose it.',
    }),
    yes,
    parallel,
  };
  static override readonly result = userRemoveOutput;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(UserRemove);
    const { purge, parallel: atOnce, yes: isSure } = flags;
    const whom = eitherOr(args.name, flags['run-id']);
    const context = await this.context('write', (registry) => ({
      users: namesOf(registry, whom),
      groups: [],
    }));
    const question = removeQuestion(context.registry, whom, { purge });
    const users = question?.users ?? [];
    if (question) await confirm(question.text, { yes: isSure, signal: context.signal });
    return 'runId' in whom
      ? removeRun(context, { ...whom, users, purge, parallel: atOnce })
      : removeUserCompletely(context, { ...whom, id: users[0]?.id, purge });
  }

  protected render(result: Result): string {
    return 'runId' in result ? renderRunRemove(result) : renderUserRemove(result);
  }
}

function eitherOr(name: string | undefined, id: string | undefined): Whom {
  if (name !== undefined && id === undefined) return { name };
  if (name === undefined && id !== undefined) return { runId: id };
  const message =
    name === undefined
      ? 'Missing argument NAME, or --run-id in its place.'
      : 'Give a NAME or --run-id, not both.';
  throw new UsageError(message, {
    code: 'USAGE',
    suggestions: ['mcpd user remove NAME', 'mcpd user remove --run-id ID', 'mcpd user list'],
  });
}
