import { verifyAudit } from '../../audit/verify.ts';
import { auditVerifyResult, type AuditVerifyResult } from '../../audit/result.ts';
import { BaseCommand, type Failure } from '../../cli/base-command.ts';
import { userArgument } from '../../cli/flags.ts';
import { exitCodes } from '../../errors.ts';
import { renderAuditVerify } from '../../render/audit.ts';

export default class AuditVerify extends BaseCommand<AuditVerifyResult> {
  static override summary = 'Check that no line of the audit was changed, added or removed.';
  static override description =
    'Follows the hashes from line to line; exit code 1 names the first line where they break. Without a user: everybody’s audit, and that of commands.';
  static override examples = [
    '<%= config.bin %> audit verify',
    '<%= config.bin %> audit verify bob --json | jq .chains',
  ];
  static override args = { user: userArgument({ description: 'Only this user’s servers.' }) };
  static override readonly result = auditVerifyResult;

  async run(): Promise<AuditVerifyResult> {
    const { args } = await this.parse(AuditVerify);
    return verifyAudit(await this.context('read'), args.user);
  }

  protected override failure({ intact }: AuditVerifyResult): Failure | undefined {
    return intact ? undefined : { exitCode: exitCodes.unexpected };
  }

  protected render(result: AuditVerifyResult): string {
    return renderAuditVerify(result);
  }
}
