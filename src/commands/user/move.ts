import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { requireTwoHomes } from '../../backup/may-move.ts';
import { moveUser } from '../../backup/move.ts';
import { moveResult, type MoveResult } from '../../backup/result.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { approve, flagOf, timeout, userArgument, yes } from '../../cli/flags.ts';
import type { InterruptOptions } from '../../cli/interrupt.ts';
import { confirm } from '../../cli/prompt.ts';
import type { Home } from '../../config/home.ts';
import { nameText } from '../../name.ts';
import type { User } from '../../registry/rows.ts';
import { getUser } from '../../registry/users.ts';
import { renderUserMove } from '../../render/backup.ts';

export default class UserMove extends BaseCommand<MoveResult> {
  static override summary = 'Move a user to another home on this machine.';
  static override description =
    'Servers, policy, group, secrets, files and the audit go along; addresses and the uid too, where nobody has them there. Tokens do not: every home signs its own. The user is removed here once they are ready there; killed, it is run again.';
  static override examples = [
    '<%= config.bin %> user move bob --home /srv/mcpd',
    '<%= config.bin %> user move bob --home /srv/mcpd --as robert --yes',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    home: string({
      required: true,
      summary: 'The other home, as MCPD_HOME names it.',
      helpValue: 'DIR',
    }),
    as: flagOf(nameText)({ summary: 'The name they get there.', helpValue: 'NAME' }),
    approve,
    'no-start': boolean({ summary: "Make everything there, but don't start the servers." }),
    timeout,
    yes,
  };
  static override readonly result = moveResult;

  /** Who has been taken down is brought up again. */
  protected override get interruptOptions(): InterruptOptions {
    return { graceMs: 60_000 };
  }

  async run(): Promise<MoveResult> {
    const { args, flags } = await this.parse(UserMove);
    const newName = flags.as ?? args.name;
    const here = await this.context('write');
    const there = this.otherContext(resolve(flags.home), { users: [newName], groups: [] });
    const { name } = args;
    requireTwoHomes({ here, there }, name);
    await confirm(question(getUser(here.registry, name), there.home), {
      yes: flags.yes,
      signal: here.signal,
    });
    return moveUser(
      { here, there },
      {
        name,
        newName,
        approval: flags.approve,
        waitMs: flags['no-start'] ? undefined : flags.timeout,
      },
    );
  }

  protected render(result: MoveResult): string {
    return renderUserMove(result);
  }
}

function question({ name, workspace, workspaceManaged }: User, { root, registry }: Home): string {
  const target = existsSync(registry) ? root : `${root}, a new home,`;
  return workspaceManaged
    ? `Move ${name} to ${target} and delete ${workspace} afterwards?`
    : `Copy ${name} with ${workspace} to ${target} and remove them here? That folder is kept.`;
}
