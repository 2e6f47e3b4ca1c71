import { BaseCommand } from '../../cli/base-command.ts';
import { programPath } from '../../cli/program-path.ts';
import { renderServiceStatus } from '../../render/service.ts';
import { serviceStatusResult, type ServiceStatusResult } from '../../service/result.ts';
import { showService } from '../../service/status.ts';
import { hostSystemd } from '../../service/systemd.ts';

export default class ServiceStatus extends BaseCommand<ServiceStatusResult> {
  static override summary = 'Show the units of `service install`: present, enabled, last result.';
  static override examples = [
    '<%= config.bin %> service status',
    '<%= config.bin %> service status --json | jq .installed',
  ];
  static override readonly result = serviceStatusResult;

  async run(): Promise<ServiceStatusResult> {
    await this.parse(ServiceStatus);
    const context = await this.context('read');
    return showService(context, programPath(this.config.root), hostSystemd(context));
  }

  protected render(result: ServiceStatusResult): string {
    return renderServiceStatus(result);
  }
}
