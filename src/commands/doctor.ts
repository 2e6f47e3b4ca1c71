import { boolean } from '@oclif/core/flags';
import { BaseCommand, type Failure } from '../cli/base-command.ts';
import { examine } from '../doctor/doctor.ts';
import { doctorResult, type DoctorResult } from '../doctor/result.ts';
import { exitCodes } from '../errors.ts';
import { renderDoctor } from '../render/doctor.ts';
import { styleFor } from '../render/style.ts';

export default class Doctor extends BaseCommand<DoctorResult> {
  static override summary = 'Check the engine, this host, and what mcpd has on them.';
  static override description =
    'Says for each finding what it means and the command that mends it. Exit code 1 when a check failed.';
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --json | jq ".checks[] | select(.status != \\"ok\\")"',
  ];
  static override flags = {
    fix: boolean({
      summary:
        'First mend what can be without touching a tenant: firewall rules, left-over entries.',
    }),
  };
  static override readonly result = doctorResult;

  async run(): Promise<DoctorResult> {
    const { flags } = await this.parse(Doctor);
    return examine(await this.context(flags.fix ? 'act' : 'read'), { fix: flags.fix });
  }

  protected override failure({ healthy }: DoctorResult): Failure | undefined {
    return healthy ? undefined : { exitCode: exitCodes.unexpected };
  }

  protected render(result: DoctorResult): string {
    return renderDoctor(result, styleFor(process.stdout, process.env));
  }
}
