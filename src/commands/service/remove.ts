import { string } from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { programPath } from '../../cli/program-path.ts';
import { renderServiceRemove } from '../../render/service.ts';
import { removeService } from '../../service/remove.ts';
import { serviceRemoveResult, type ServiceRemoveResult } from '../../service/result.ts';
import { hostSystemd } from '../../service/systemd.ts';

export default class ServiceRemove extends BaseCommand<ServiceRemoveResult> {
  static override hiddenAliases = ['service:rm'];
  static override summary = 'Undo `service install`; servers that run go on running.';
  static override examples = ['<%= config.bin %> service remove'];
  static override flags = {
    root: string({ summary: 'The folder that install wrote below.', helpValue: 'DIR' }),
  };
  static override readonly result = serviceRemoveResult;

  async run(): Promise<ServiceRemoveResult> {
    const { flags } = await this.parse(ServiceRemove);
    const context = await this.context('write');
    const program = programPath(this.config.root);
    return removeService(context, { program, root: flags.root }, hostSystemd(context));
  }

  protected render(result: ServiceRemoveResult): string {
    return renderServiceRemove(result);
  }
}
