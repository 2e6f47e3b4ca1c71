import { string } from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { durationText } from '../cli/duration.ts';
import { flagOf } from '../cli/flags.ts';
import type { InterruptOptions } from '../cli/interrupt.ts';
import { nameText } from '../name.ts';
import { tenantFlags, tenantRequest } from '../cli/tenant-flags.ts';
import { UsageError } from '../errors.ts';
import { randomBase32 } from '../registry/ids.ts';
import { runResult, type RunResult } from '../run/result.ts';
import { runWithTenant } from '../run/run.ts';

export default class Run extends BaseCommand<RunResult> {
  static override summary = 'Run a command beside a tenant of its own, who is gone afterwards.';
  static override description =
    'The command finds MCPD_URL, MCPD_TOKEN, MCPD_<SERVER>_URL, MCPD_USER, and in MCPD_CLIENT_CONFIG the path of a file for clients. Signals go to it, and mcpd ends with its exit code. stdout is the command’s; under --json what it writes goes to stderr.';
  static override examples = [
    '<%= config.bin %> run --server everything -- npm test',
    '<%= config.bin %> run --server filesystem,memory --ttl 30m --artifacts logs -- ./smoke.sh',
    '<%= config.bin %> run --name ci-42 --run-id 42 -- sh -c \'curl -fsS "$MCPD_URL"\'',
  ];
  static override usage = 'run [-s NAMES] [--ttl DURATION] [--artifacts DIR] … -- COMMAND…';
  static override flags = {
    ...tenantFlags,
    name: flagOf(nameText)({
      summary: 'Name of the tenant; one that nobody has if left out.',
      helpValue: 'NAME',
    }),
    ttl: flagOf(durationText)({
      summary: 'How long the tenant may live at most, e.g. 30m.',
      default: 3_600_000,
      defaultHelp: async () => '1h',
      helpValue: 'DURATION',
    }),
    artifacts: string({
      summary: 'Folder for the servers’ logs and states, when the command fails.',
      helpValue: 'DIR',
    }),
  };
  static override readonly result = runResult;

  async run(): Promise<RunResult> {
    const words = this.argv;
    const end = words.indexOf('--');
    const argv = words.slice(end + 1);
    if (end === -1 || argv.length === 0) {
      throw new UsageError('There is no command to run: it comes behind "--".', {
        code: 'USAGE',
        suggestions: ['mcpd run --server memory -- COMMAND', 'mcpd run --help'],
      });
    }
    // What follows may look like flags, and stays as it is.
    const { flags } = await this.parse(Run, words.slice(0, end));
    const { name = `run-${randomBase32(8)}`, ttl: ttlMs, artifacts } = flags;
    const tenant = { ...(await tenantRequest(flags, this.signal)), name, ttlMs };
    const context = await this.context('write', () => ({ users: [name], groups: [] }));
    const result = await runWithTenant(context, {
      tenant,
      argv,
      artifacts,
      stdio: ['inherit', this.jsonEnabled() ? 2 : 'inherit', 'inherit'],
      ownGroup: !process.stdin.isTTY,
      signals: this.interrupt,
      beforeRemoval: () => this.witness(),
    });
    process.exitCode = result.exitCode;
    return result;
  }

  protected override get interruptOptions(): InterruptOptions {
    return { signals: ['SIGINT', 'SIGTERM', 'SIGHUP'], graceMs: 60_000 };
  }

  protected render(): string {
    return '';
  }
}
