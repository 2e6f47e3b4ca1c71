import { BaseCommand } from '../cli/base-command.ts';
import { userArgument } from '../cli/flags.ts';
import { prepareResult, prepareUsers, type PrepareResult } from '../boot/prepare.ts';
import { renderPrepare } from '../render/prepare.ts';

export default class Prepare extends BaseCommand<PrepareResult> {
  static override strict = false;
  static override summary = 'Put in place what containers need before the engine starts.';
  static override description =
    'Firewall, secrets and file systems of workspaces, after a reboot. It asks no engine and leaves alone what runs; `mcpd up` does the rest once there is one. See docs/service.md.';
  static override examples = ['<%= config.bin %> prepare'];
  static override args = {
    user: userArgument({ description: 'Names of users; all if left out.' }),
  };
  static override readonly result = prepareResult;

  async run(): Promise<PrepareResult> {
    const { argv } = await this.parse(Prepare);
    return prepareUsers(await this.context('write'), argv as string[]);
  }

  protected render(result: PrepareResult): string {
    return renderPrepare(result);
  }
}
