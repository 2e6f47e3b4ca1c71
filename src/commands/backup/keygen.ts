import { resolve } from 'node:path';
import { string } from '@oclif/core/args';
import { makeBackupKey } from '../../backup/keygen.ts';
import { keygenResult, type KeygenResult } from '../../backup/result.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { systemClock } from '../../clock.ts';
import { renderKeygen } from '../../render/backup.ts';

export default class BackupKeygen extends BaseCommand<KeygenResult> {
  static override summary = 'Make a key for backups: an age identity, in a new file.';
  static override description =
    'Keep the file away from this machine. Backups are made for its recipient, which is no secret; only the file opens them.';
  static override examples = ['<%= config.bin %> backup keygen backup.key'];
  static override args = {
    file: string({ required: true, description: 'File to make.' }),
  };
  static override readonly result = keygenResult;

  async run(): Promise<KeygenResult> {
    const { args } = await this.parse(BackupKeygen);
    return makeBackupKey(systemClock, resolve(args.file));
  }

  protected render(result: KeygenResult): string {
    return renderKeygen(result);
  }
}
