import { resolve } from 'node:path';
import { boolean, string } from '@oclif/core/flags';
import { moveQuestion } from '../../backup/move-question.ts';
import { moveUser } from '../../backup/move.ts';
import { moveResult, type MoveResult } from '../../backup/result.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { approve, flagOf, timeout, userArgument, yes } from '../../cli/flags.ts';
import type { InterruptOptions } from '../../cli/interrupt.ts';
import { confirm } from '../../cli/prompt.ts';
import { nameText } from '../../name.ts';
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
    const { name } = args;
    const newName = flags.as ?? name;
    const here = await this.context('write');
    const there = this.otherContext(resolve(flags.home), { users: [newName], groups: [] });
    const homes = { here, there };
    const { text, id } = moveQuestion(homes, name);
    await confirm(text, { yes: flags.yes, signal: here.signal });
    return moveUser(homes, {
      name,
      id,
      newName,
      approval: flags.approve,
      waitMs: flags['no-start'] ? undefined : flags.timeout,
    });
  }

  protected render(result: MoveResult): string {
    return renderUserMove(result);
  }
}
