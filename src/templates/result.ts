import * as z from 'zod';
import { templateSchema, type Template } from './schema.ts';

export const templateListResult = z.object({
  templates: z.array(
    templateSchema
      .pick({
        name: true,
        title: true,
        description: true,
        riskLevel: true,
        requiresUserIsolation: true,
        userAware: true,
      })
      .extend({ source: z.string(), secrets: z.array(z.string()).describe('names') }),
  ),
});

export const templateShowResult = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  folder: z.string(),
  source: z.union([z.object({ npm: z.string() }), z.object({ image: z.string() })]),
  command: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  secrets: z.array(z.object({ name: z.string(), description: z.string(), required: z.boolean() })),
  transport: templateSchema.shape.transport.unwrap(),
  sessions: z.enum(['isolated', 'shared']),
  riskLevel: templateSchema.shape.riskLevel,
  requiresUserIsolation: z.boolean(),
  userAware: z.boolean(),
  limits: z
    .object({ memoryBytes: z.int(), cpus: z.number(), pids: z.int() })
    .partial()
    .describe('its own defaults, where it has any'),
});

export type TemplateListResult = z.infer<typeof templateListResult>;
export type TemplateShowResult = z.infer<typeof templateShowResult>;

export function describeTemplates(templates: readonly Template[]): TemplateListResult {
  return {
    templates: templates.map(({ source, secrets, ...rest }) => ({
      name: rest.name,
      title: rest.title,
      description: rest.description,
      riskLevel: rest.riskLevel,
      requiresUserIsolation: rest.requiresUserIsolation,
      userAware: rest.userAware,
      source: sourceText(source),
      secrets: secrets.map((secret) => secret.name),
    })),
  };
}

export function sourceText(source: Template['source']): string {
  return 'npm' in source ? source.npm : source.image;
}
