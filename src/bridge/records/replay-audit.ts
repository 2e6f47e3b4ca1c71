import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../mcp/body.ts';
import type { AuditRecord } from '../../records/audit-line.ts';
import { genesis, linksOf } from '../../records/chain.ts';
import { auditFiles } from '../../records/files.ts';

interface Replayed {
  readonly record: AuditRecord;
  readonly hash: string;
}

/** The records behind the line with that hash, oldest first; all there are if it is gone, or was none. */
export function recordsAfter(folder: string, hash: string): Replayed[] {
  const found: Replayed[] = [];
  for (const name of auditFiles(readdirSync(folder)).toReversed()) {
    const lines = readFileSync(join(folder, name), 'utf8').split('\n');
    for (const line of lines.toReversed()) {
      const links = linksOf(line);
      if (!links) continue;
      if (links.hash === hash) return found.toReversed();
      const record = parseJson(Buffer.from(line));
      if (record !== undefined) found.push({ record: record as AuditRecord, hash: links.hash });
      if (links.previous === hash && hash !== genesis) return found.toReversed();
    }
  }
  return found.toReversed();
}
