import { boolean, string } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { programPath } from '../../cli/program-path.ts';
import { renderServiceInstall } from '../../render/service.ts';
import { installService } from '../../service/install.ts';
import { serviceInstallResult, type ServiceInstallResult } from '../../service/result.ts';
import { hostSystemd } from '../../service/systemd.ts';

export default class ServiceInstall extends BaseCommand<ServiceInstallResult> {
  static override summary = 'Let systemd bring users back after a reboot, and tidy up.';
  static override description =
    'Writes units that run `mcpd prepare` before the engine starts, `mcpd up` after it, and `mcpd gc` on a timer. As root for the machine, otherwise for your account. See docs/service.md.';
  static override examples = [
    '<%= config.bin %> service install',
    '<%= config.bin %> service install --print',
  ];
  static override flags = {
    print: boolean({ summary: 'Only print the units.', exclusive: ['root'] }),
    root: string({
      summary: 'Write below this folder, as into an image, and tell systemd nothing.',
      helpValue: 'DIR',
    }),
  };
  static override readonly result = serviceInstallResult;
  #print = false;

  async run(): Promise<ServiceInstallResult> {
    const { flags } = await this.parse(ServiceInstall);
    this.#print = flags.print;
    const context = await this.context(flags.print ? 'read' : 'write');
    const program = programPath(this.config.root);
    return installService(context, { program, ...flags, root: flags.root }, hostSystemd(context));
  }

  protected render(result: ServiceInstallResult): string {
    return renderServiceInstall(result, { print: this.#print });
  }
}
