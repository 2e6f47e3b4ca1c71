import { BaseCommand } from '../../cli/base-command.ts';
import { oidcShowResult, showIssuer, type OidcShowResult } from '../../oidc/show.ts';
import { renderOidcShow } from '../../render/oidc.ts';

export default class OidcShow extends BaseCommand<OidcShowResult> {
  static override summary = 'Show the trusted issuer, whose tokens open what, and its keys.';
  static override description =
    'Shows what is known here, and asks the issuer nothing: mcpd oidc refresh does that.';
  static override examples = [
    '<%= config.bin %> oidc show',
    '<%= config.bin %> oidc show --json | jq .state',
  ];
  static override readonly result = oidcShowResult;

  async run(): Promise<OidcShowResult> {
    await this.parse(OidcShow);
    return showIssuer(await this.context('read'));
  }

  protected render(result: OidcShowResult): string {
    return renderOidcShow(result);
  }
}
