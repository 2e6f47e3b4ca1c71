import { resolve } from 'node:path';
import { string as text } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { makeBackup } from '../backup/backup.ts';
import { backupResult, type BackupResult } from '../backup/result.ts';
import { lockFlags, lockFrom, onlyUsers } from '../cli/backup-flags.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { UsageError } from '../errors.ts';
import { renderBackup } from '../render/backup.ts';

export default class Backup extends BaseCommand<BackupResult> {
  static override summary = 'Write an encrypted backup of the home, or of some users.';
  static override description =
    'It holds users, servers, policies, secrets, files and audit; of the whole home also settings and the key of tokens. Servers go on meanwhile; a user can’t be changed while their files are read.';
  static override examples = [
    '<%= config.bin %> backup keygen backup.key',
    '<%= config.bin %> backup home.age --recipient age1…',
    '<%= config.bin %> backup bob.age --user bob --passphrase-file @pass.txt',
    '<%= config.bin %> backup - --recipient age1… | ssh elsewhere "cat > home.age"',
  ];
  static override args = {
    file: text({ required: true, description: 'File to write; - for stdout.' }),
  };
  static override flags = {
    user: onlyUsers,
    ...lockFlags,
    'no-workspaces': boolean({ summary: 'Leave the files of the users out.' }),
    force: boolean({ summary: 'Replace the file if it exists.' }),
  };
  static override readonly result = backupResult;

  async run(): Promise<BackupResult> {
    const { args, flags } = await this.parse(Backup);
    const isPiped = args.file === '-';
    if (isPiped && (this.jsonEnabled() || process.stdout.isTTY)) {
      throw new UsageError('The backup can go to stdout only where nothing else does.', {
        code: 'USAGE',
        suggestions: ['Name a file, or leave --json out and pipe it on.'],
      });
    }
    return makeBackup(await this.context('write'), {
      file: isPiped ? undefined : resolve(args.file),
      stdout: process.stdout,
      names: flags.user ?? [],
      workspaces: !flags['no-workspaces'],
      force: flags.force,
      lock: await lockFrom(flags, this.signal),
    });
  }

  protected render(result: BackupResult): string {
    return result.file === null ? '' : renderBackup(result);
  }
}
