import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { tenantFlags, tenantRequest } from '../../cli/tenant-flags.ts';
import { listOver } from '../../registry/lifetime.ts';
import { renderUserAdd } from '../../render/user.ts';
import { addUser, type AddResult } from '../../user/add.ts';
import { userAddResult } from '../../user/result.ts';

export default class UserAdd extends BaseCommand<AddResult> {
  static override summary = 'Add a user with their own servers, and start them.';
  static override description =
    'Without --server the user gets the filesystem server on a workspace of their own. Adding the same user again changes nothing.';
  static override examples = [
    '<%= config.bin %> user add bob',
    '<%= config.bin %> user add bob --server filesystem,memory --memory 1g',
    '<%= config.bin %> user add bob --storage 2g',
    '<%= config.bin %> user add bob --os-user bob --workspace /srv/bob',
    '<%= config.bin %> user add carol --group students --rate 120',
    '<%= config.bin %> user add ci-42 --server everything --ttl 30m --json',
  ];
  static override args = {
    name: userArgument({ required: true, description: 'Name of the user.' }),
  };
  static override flags = {
    ...tenantFlags,
    'no-start': boolean({ summary: "Make everything, but don't start the servers." }),
  };
  static override readonly result = userAddResult;

  async run(): Promise<AddResult> {
    const { args, flags } = await this.parse(UserAdd);
    const context = await this.context('write', (registry) => ({
      // A few of those who are over go on its way.
      users: [args.name, ...listOver(registry).map(({ name }) => name)],
      groups: [],
    }));
    return addUser(context, {
      ...(await tenantRequest(flags, context.signal)),
      name: args.name,
      ttlMs: flags.ttl,
      start: !flags['no-start'],
    });
  }

  protected render(result: AddResult): string {
    return renderUserAdd(result);
  }
}
