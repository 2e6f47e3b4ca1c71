import { MembersCommand } from '../../cli/members-command.ts';
import { dropMembers } from '../../group/members.ts';

export default class GroupDrop extends MembersCommand {
  static override summary = 'Take users out of a group.';
  static override description = 'What they have of their own stays; the rest is the host’s again.';
  static override examples = ['<%= config.bin %> group drop students bob alice'];

  protected change = dropMembers;
}
