import * as z from 'zod';
import { policySchema } from '../src/policy/policy.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** The fields of a policy as a Markdown table, from their schema. */
export function policyTable(): string {
  const { properties = {} } = z.toJSONSchema(policySchema, { io: 'input' });
  const rows = Object.entries(properties).map(([name, field]) => {
    const schema = field as Schema;
    return `| \`${name}\` | ${kind(schema)} | ${schema.description ?? ''} |`;
  });
  return ['| field | kind | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function kind(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf) return 'size';
  if (schema.type === 'array') return 'patterns';
  if (schema.type !== 'object') return String(schema.type);
  const { additionalProperties } = schema;
  const byName = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const names = Object.keys((byName ?? schema).properties ?? {})
    .map((name) => `\`${name}\``)
    .join(', ');
  return byName ? `names with ${names}` : `lists ${names}`;
}
