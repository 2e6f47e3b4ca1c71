import * as z from 'zod';
import { limitsInput, type LimitsInput } from '../policy/limits.ts';
import { templateSchema } from '../templates/schema.ts';
import type { Registry } from './database.ts';

/** What a server is made from: a template as it was then, and its image. */
export type Version = z.infer<typeof version>;

/** Stands for the id of an image that isn't there yet. */
export const unbuilt = 'to be built';

const version = z.object({
  template: templateSchema.extend({ folder: z.string() }),
  /** `sha256:…`, or `unbuilt` of one that would be. */
  image: z.string(),
});

/** Notes with what a server was ready last; without news nothing is written. */
export function keepVersion({ db }: Registry, serverId: string, made: Version): void {
  const { template, image } = made;
  db.prepare('UPDATE servers SET version = ?1 WHERE id = ?2 AND version IS NOT ?1').run(
    JSON.stringify({ template, image }),
    serverId,
  );
}

/** With what a server was ready last; undefined when it never was, or this mcpd can't read it. */
export function keptVersion({ db }: Registry, serverId: string): Version | undefined {
  return readVersion(
    db.prepare('SELECT version FROM servers WHERE id = ?').get(serverId)?.['version'],
  );
}

/** The same, of the value of its column. */
export function readVersion(text: unknown): Version | undefined {
  return typeof text === 'string' ? version.safeParse(JSON.parse(text)).data : undefined;
}

/** The caps that versions ask for, by server, of all that were ready once. */
export function keptLimits({ db }: Registry): ReadonlyMap<string, LimitsInput> {
  const rows = db
    .prepare(
      "SELECT id, json_extract(version, '$.template.limits') AS limits FROM servers WHERE version IS NOT NULL",
    )
    .all();
  const entries = rows.flatMap(({ id, limits }) => {
    const { data } = limitsInput.safeParse(JSON.parse(String(limits)));
    return data ? [[String(id), data] as const] : [];
  });
  return new Map(entries);
}

/** Ids of the servers that nobody has seen ready. */
export function listUnproven({ db }: Registry): ReadonlySet<string> {
  const found = db.prepare('SELECT id FROM servers WHERE version IS NULL').all();
  return new Set(found.map(({ id }) => String(id)));
}
