import { MembersCommand } from '../../cli/members-command.ts';
import { addMembers } from '../../group/members.ts';

export default class GroupAdd extends MembersCommand {
  static override summary = 'Put users into a group, whose policy then holds for them.';
  static override description =
    'One who is in another group is moved by mcpd user update NAME --group GROUP.';
  static override examples = ['<%= config.bin %> group add students bob alice'];

  protected change = addMembers;
}
