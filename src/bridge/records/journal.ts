import { mkdirSync } from 'node:fs';
import type { Clock } from '../../clock.ts';
import { hostSubject, type AuditRecord } from '../../records/audit-line.ts';
import { isHost, type Principal } from '../auth.ts';
import { randomBytes } from '../builtins.ts';
import type { BridgeConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { ContainerFigures } from './container.ts';
import { Ledger } from './ledger.ts';
import { Meter } from './meter.ts';
import { Trail } from './trail.ts';

export interface Records {
  readonly folder: string;
  readonly readContainer: () => ContainerFigures;
}

interface JournalOptions extends Records {
  readonly config: Pick<BridgeConfig, 'user' | 'server' | 'audit'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What the bridge writes down of its server: the audit, and from it the usage. */
export interface Journal {
  /** The audit can't be written, and nothing more may be done without it. */
  readonly isFull: boolean;
  /** Follows the requests of one POST. */
  begin(principal: Principal): Trail;
  /** A process of the server ended, and nobody had asked for it. */
  restarted(): void;
  sweep(): void;
  close(): void;
}

/** Throws when the folder can't be written: a server without audit doesn't start. */
export function openJournal({
  folder,
  readContainer,
  config,
  clock,
  log,
}: JournalOptions): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const meter = new Meter({ folder, readContainer, clock, log });
  const uncounted: { readonly record: AuditRecord; readonly hash: string }[] = [];
  const countAll = (): void => {
    for (const { record, hash } of uncounted.splice(0)) meter.written(record, hash);
  };
  const ledger = new Ledger({
    folder,
    bounds: config.audit,
    clock,
    log,
    // They are counted once the answer is on its way.
    onWritten: (record, hash) => {
      if (uncounted.push({ record, hash }) === 1) queueMicrotask(countAll);
    },
  });
  const [, server = config.server.key] = config.server.key.split('/');
  let run: string | undefined;
  let requests = 0;
  return {
    get isFull() {
      return ledger.isFull;
    },
    begin: (principal) => {
      requests += 1;
      run ??= randomBytes(6).toString('base64url');
      return new Trail({
        write: (entries) => ledger.append(entries),
        now: () => clock.now(),
        user: config.user.name,
        server,
        requestId: `${run}-${requests.toString(36)}`,
        principal: isHost(principal, config) ? { ...principal, subject: hostSubject } : principal,
      });
    },
    restarted: () => meter.restarted(),
    sweep: () => {
      ledger.sweep();
      countAll();
      meter.sweep();
    },
    close: () => {
      ledger.close();
      countAll();
      meter.close();
    },
  };
}
