import type * as z from 'zod';

/** The fields of an object as a Markdown table, from their schema. */
export function fieldsTable(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape).map(
    ([name, field]) => `| \`${name}\` | ${(field as z.ZodType).description ?? ''} |`,
  );
  return ['| field | meaning |', '| --- | --- |', ...rows].join('\n');
}
