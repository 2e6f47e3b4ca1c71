import * as z from 'zod';

const checkResult = z.object({
  id: z.string(),
  status: z.enum(['ok', 'warn', 'fail']),
  summary: z.string().describe('what was found'),
  meaning: z.string().describe('what follows from it; empty when all is well'),
  mend: z.array(z.string()).describe('commands or steps that put it right'),
});

export const doctorResult = z.object({
  healthy: z.boolean().describe('no check failed'),
  checks: z.array(checkResult),
  fixed: z.array(z.string()).describe('what --fix did'),
});

export type Check = z.infer<typeof checkResult>;
export type DoctorResult = z.infer<typeof doctorResult>;

export function ok(id: string, summary: string): Check {
  return { id, status: 'ok', summary, meaning: '', mend: [] };
}

const mostNamed = 3;

/** Names of the first, and how many more there are. */
export function few(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
