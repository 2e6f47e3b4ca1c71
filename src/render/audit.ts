import type { AuditVerifyResult, ControlLine } from '../audit/result.ts';
import { hostSubject, type AuditLine } from '../records/audit-line.ts';
import { formatBytes, shortSize } from '../policy/bytes.ts';
import { harmless } from './harmless.ts';
import type { Style } from './style.ts';

export interface AuditRendering {
  /** Servers whose records may come; more than one: each line names its own. */
  readonly keys: readonly string[];
  readonly style: Style;
}

/** A function from one request to its line, newline included. */
export function auditRenderer({ keys, style }: AuditRendering): (record: AuditLine) => string {
  const names = keys.map((key) => key.split('/')[1] ?? key);
  const width = Math.max(0, ...names.map((name) => name.length));
  return (record) => {
    const { time, server, outcome, code, ms, method, target, token, bytesOut } = record;
    const how = code === null ? outcome : `${outcome} ${code}`;
    const padded = how.padEnd(15);
    const cells = [
      time,
      ...(keys.length > 1 ? [server.padEnd(width)] : []),
      outcome === 'ok' ? padded : style.red(padded),
      `${ms} ms`.padStart(9),
      formatBytes(bytesOut).padStart(9),
      askerOf(token),
      target === null ? method : `${method} ${target}`,
      hasMembers(record.shape) ? JSON.stringify(record.shape) : '',
    ];
    return `${harmless(cells.join('  ').trimEnd())}\n`;
  };
}

/** One command as its line, newline included. */
export function renderControlLine(record: ControlLine, style: Style): string {
  const { time, actor, command, outcome, code, changes } = record;
  const who = actor.sudoUser === null ? actor.user : `${actor.sudoUser} as ${actor.user}`;
  const how = outcome === 'ok' ? 'ok        ' : style.red(outcome.padEnd(10));
  const what = changes.map(
    ({ what: name, before, after }) => `    ${name}: ${show(name, before)} → ${show(name, after)}`,
  );
  const head = `${time}  ${how}  ${who}  ${command}${code === null ? '' : `  ${code}`}`;
  return [head, ...what].map((line) => `${harmless(line)}\n`).join('');
}

export function renderAuditVerify({ chains }: AuditVerifyResult): string {
  if (chains.length === 0) return 'There is no audit to check.';
  return chains
    .map(({ name, lines, broken }) =>
      broken === null
        ? `${name}: ${lines} ${lines === 1 ? 'line' : 'lines'}, intact`
        : `${name}: BROKEN at ${broken.file}:${broken.line}, which ${broken.reason}`,
    )
    .join('\n');
}

/** Who the user is, the audit's name says; which of their tokens it was, its id does. */
function askerOf({ id, subject }: AuditLine['token']): string {
  return subject === hostSubject || subject.startsWith('oidc:') ? subject : id;
}

function show(name: string, value: unknown): string {
  if (value === null) return 'none';
  if (value === '') return "''";
  if (typeof value === 'number') return showNumber(name, value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function showNumber(name: string, value: number): string {
  if (name.endsWith('_at')) return `${new Date(value).toISOString().slice(0, 19)}Z`;
  return /(?:Bytes|\.memory|\.storage)$/.test(name) ? shortSize(value) : String(value);
}

function hasMembers(shape: unknown): boolean {
  return typeof shape === 'object' && shape !== null && Object.keys(shape).length > 0;
}
