import { boolean } from '@oclif/core/flags';
import type * as z from 'zod';
import { BaseCommand } from '../../cli/base-command.ts';
import { parallel, runId, userArgument, yes } from '../../cli/flags.ts';
import { confirm } from '../../cli/prompt.ts';
import { UsageError } from '../../errors.ts';
import type { Registry } from '../../registry/database.ts';
import { getUser, listUsersOfRun } from '../../registry/users.ts';
import { renderRunRemove, renderUserRemove } from '../../render/user.ts';
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
    'run-id': runId,
    purge: boolean({
      summary: 'Delete the audit too, and the workspace unless --workspace chose it.',
    }),
    yes,
    parallel,
  };
  static override readonly result = userRemoveOutput;

  async run(): Promise<Result> {
    const { args, flags } = await this.parse(UserRemove);
    const { purge, yes: isSure, 'run-id': id } = flags;
    if ((args.name === undefined) === (id === undefined)) throw eitherOr(id !== undefined);
    const context = await this.context('write', (registry) => ({
      users: args.name === undefined ? namesOfRun(registry, id) : [args.name],
      groups: [],
    }));
    const ask = (question: string) => confirm(question, { yes: isSure, signal: context.signal });
    if (args.name === undefined) {
      const names = namesOfRun(context.registry, id);
      if (names.length > 0) await ask(`Remove ${names.join(', ')}?`);
      return removeRun(context, { runId: id ?? '', purge, parallel: flags.parallel });
    }
    const { workspace, workspaceManaged } = getUser(context.registry, args.name);
    const isGone = purge && workspaceManaged;
    await ask(
      isGone
        ? `Remove ${args.name} and delete ${workspace}?`
        : `Remove ${args.name}? Its workspace ${workspace} is kept.`,
    );
    return removeUserCompletely(context, { name: args.name, purge });
  }

  protected render(result: Result): string {
    return 'runId' in result ? renderRunRemove(result) : renderUserRemove(result);
  }
}

function namesOfRun(registry: Registry, id = ''): string[] {
  return listUsersOfRun(registry, id).map(({ name }) => name);
}

function eitherOr(isBoth: boolean): UsageError {
  const message = isBoth
    ? 'Give a NAME or --run-id, not both.'
    : 'Missing argument NAME, or --run-id in its place.';
  return new UsageError(message, {
    code: 'USAGE',
    suggestions: ['mcpd user remove NAME', 'mcpd user remove --run-id ID', 'mcpd user list'],
  });
}
