import { boolean } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { portsResult, showPorts, type PortsResult } from '../observe/ports.ts';
import { renderPorts } from '../render/ports.ts';
import { styleFor } from '../render/style.ts';

export default class Ports extends BaseCommand<PortsResult> {
  static override summary = 'List the ports in use, who holds each, and conflicts.';
  static override description =
    'A conflict is a port of a server that a process other than its container listens on.';
  static override examples = ['<%= config.bin %> ports', '<%= config.bin %> ports --all --json'];
  static override flags = {
    all: boolean({ summary: 'Also list reserved and quarantined ports that nobody uses now.' }),
  };
  static override readonly result = portsResult;

  async run(): Promise<PortsResult> {
    const { flags } = await this.parse(Ports);
    return showPorts(await this.context('read'), { all: flags.all });
  }

  protected render(result: PortsResult): string {
    return renderPorts(result, styleFor(process.stdout, process.env));
  }
}
