import type { Registry } from '../registry/database.ts';
import type { Holder } from '../registry/processes.ts';
import type { ControlLine } from './result.ts';
import { compareSnapshots, takeSnapshot, type Snapshot, type Subjects } from './snapshot.ts';

/** A command that is to change something: what will be in its record, and what was so before. */
export interface BegunCommand {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly actor: ControlLine['actor'];
  readonly command: string;
  readonly object: string | null;
  readonly subjects: Subjects;
  readonly before: Snapshot;
}

/** Whether a process still runs. */
export type Probe = (holder: Holder) => boolean;

/** Notes that a command begins. Its row is gone when its record is written, so what stays was killed. */
export function noteBegun(registry: Registry, command: BegunCommand, holder: Holder): void {
  const { id, since, before, ...about } = command;
  const words = JSON.stringify({ ...about, before: [...before] });
  registry.db
    .prepare(
      'INSERT INTO begun (id, since, words, pid, start_time, boot_id) VALUES (?, ?, ?, ?, ?, ?)',
    )
    .run(id, since, words, holder.pid, holder.startTime, holder.bootId);
}

export function forgetBegun({ db }: Registry, id: string): void {
  db.prepare('DELETE FROM begun WHERE id = ?').run(id);
}

/** Commands that began and whose process is gone, oldest first. */
export function listKilled({ db }: Registry, isAlive: Probe): BegunCommand[] {
  const rows = db.prepare('SELECT * FROM begun ORDER BY since, id').all();
  return rows
    .filter(
      (row) =>
        !isAlive({
          pid: row['pid'] as number,
          startTime: row['start_time'] as string,
          bootId: row['boot_id'] as string,
        }),
    )
    .map((row) => {
      const { before, ...about } = JSON.parse(row['words'] as string) as Words;
      const [id, since] = [row['id'] as string, row['since'] as number];
      return { ...about, id, since, before: new Map(before) };
    });
}

type Words = Omit<BegunCommand, 'id' | 'since' | 'before'> & { before: [string, unknown][] };

/** What is different now from when a command began. */
export function changesSince(
  registry: Registry,
  { subjects, before }: Pick<BegunCommand, 'subjects' | 'before'>,
): ControlLine['changes'] {
  return compareSnapshots(before, takeSnapshot(registry, subjects));
}
