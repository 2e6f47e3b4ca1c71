import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { approve, group, runId, timeout, ttl, userArgument } from '../../cli/flags.ts';
import { newPolicyFrom, policyFlags } from '../../cli/policy-flags.ts';
import { readSecretFlags } from '../../cli/secret-flags.ts';
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
    server: string({
      char: 's',
      summary: 'Templates or template folders, separated by commas.',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    workspace: string({ summary: 'Folder that the servers work in.', helpValue: 'PATH' }),
    'os-user': string({ summary: "Use this account's uid.", helpValue: 'NAME' }),
    group,
    ...policyFlags,
    approve,
    secret: string({
      summary: 'A secret from a file, or from stdin with @-.',
      helpValue: 'NAME=@FILE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ttl,
    'run-id': runId,
    'no-start': boolean({ summary: "Make everything, but don't start the servers." }),
    timeout,
  };
  static override readonly result = userAddResult;

  async run(): Promise<AddResult> {
    const { args, flags } = await this.parse(UserAdd);
    const context = await this.context('write');
    return addUser(context, {
      name: args.name,
      templates: flags.server,
      own: await newPolicyFrom(flags, context.signal),
      workspace: flags.workspace,
      osUser: flags['os-user'],
      group: flags.group,
      approval: flags.approve,
      secrets: await readSecretFlags(flags.secret ?? []),
      ttlMs: flags.ttl,
      runId: flags['run-id'],
      start: !flags['no-start'],
      timeoutMs: flags.timeout,
    });
  }

  protected render(result: AddResult): string {
    return renderUserAdd(result);
  }
}
