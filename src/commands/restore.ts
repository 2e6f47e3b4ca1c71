import { resolve } from 'node:path';
import { string as text } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { openBackupFile } from '../backup/input-file.ts';
import { restoreBackup } from '../backup/restore.ts';
import { restoreResult, type RestoreResult } from '../backup/result.ts';
import { keyFlags, keyFrom, onlyUsers } from '../cli/backup-flags.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { approve, flagOf, parallel, timeout } from '../cli/flags.ts';
import { nameText } from '../name.ts';
import { renderRestore } from '../render/backup.ts';

export default class Restore extends BaseCommand<RestoreResult> {
  static override summary = 'Make users from a backup, in this home or another one.';
  static override description =
    'Nothing is changed unless all of the backup is good. Ports, subnet and uid stay as they were where nobody has them. An empty home takes over from the one that was backed up as a whole: its tokens then go on working.';
  static override examples = [
    '<%= config.bin %> restore home.age --identity backup.key --dry-run',
    '<%= config.bin %> restore home.age --identity backup.key',
    '<%= config.bin %> restore home.age --identity backup.key --user bob --as robert',
    'ssh elsewhere "cat home.age" | <%= config.bin %> restore - --passphrase-file pass.txt',
  ];
  static override args = {
    file: text({ required: true, description: 'Backup to read; - for stdin.' }),
  };
  static override flags = {
    user: onlyUsers,
    as: flagOf(nameText)({ summary: 'Another name for the one user.', helpValue: 'NAME' }),
    ...keyFlags,
    approve,
    'dry-run': boolean({ summary: 'Read it to its end and say what would be done.' }),
    'no-start': boolean({ summary: "Make everything, but don't start the servers." }),
    parallel,
    timeout,
  };
  static override readonly result = restoreResult;

  async run(): Promise<RestoreResult> {
    const { args, flags } = await this.parse(Restore);
    const key = await keyFrom(flags, this.signal);
    const file = args.file === '-' ? '-' : resolve(args.file);
    const content = await openBackupFile(file, { stdin: process.stdin, signal: this.signal });
    // A rehearsal leaves an empty home as it is.
    const context = await this.context(flags['dry-run'] ? 'read' : 'write');
    return restoreBackup(
      context,
      { content, key },
      {
        names: flags.user ?? [],
        as: flags.as,
        approval: flags.approve,
        dryRun: flags['dry-run'],
        waitMs: flags['no-start'] ? undefined : flags.timeout,
        parallel: flags.parallel,
      },
    );
  }

  protected render(result: RestoreResult): string {
    return renderRestore(result);
  }
}
