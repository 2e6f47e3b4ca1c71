import { BaseCommand } from '../../cli/base-command.ts';
import { oidcRefreshResult, refreshIssuer, type OidcRefreshResult } from '../../oidc/refresh.ts';
import { renderOidcRefresh } from '../../render/oidc.ts';

export default class OidcRefresh extends BaseCommand<OidcRefreshResult> {
  static override summary = "Fetch the trusted issuer's keys, and tell all servers.";
  static override description =
    'Run it from a timer, more often than the issuer changes its keys, and after changing the settings oidc.*. Servers take over what it says at once and keep their sessions.';
  static override examples = [
    '<%= config.bin %> oidc refresh',
    '<%= config.bin %> oidc refresh --json | jq .validUntil',
  ];
  static override readonly result = oidcRefreshResult;

  async run(): Promise<OidcRefreshResult> {
    await this.parse(OidcRefresh);
    return refreshIssuer(await this.context('write'));
  }

  protected render(result: OidcRefreshResult): string {
    return renderOidcRefresh(result);
  }
}
