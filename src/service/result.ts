import * as z from 'zod';

const unitResult = z.object({ name: z.string(), path: z.string() });

export const serviceInstallResult = z.object({
  changed: z.boolean(),
  units: z.array(
    unitResult.extend({
      written: z.boolean(),
      text: z.string().describe('what is, or with --print would be, in the file'),
    }),
  ),
  commands: z.array(z.string()).describe('what systemd was told'),
});

export const serviceRemoveResult = z.object({
  changed: z.boolean(),
  units: z.array(unitResult.extend({ removed: z.boolean() })),
  commands: z.array(z.string()).describe('what systemd was told'),
});

export const serviceStatusResult = z.object({
  manager: z.enum(['system', 'user']).describe('whose units they are: the machine’s or one’s own'),
  running: z.boolean().describe('systemd runs here'),
  installed: z.boolean().describe('all are in place, up to date, enabled and at work'),
  units: z.array(
    unitResult.extend({
      file: z
        .enum(['same', 'different', 'missing', 'foreign'])
        .describe('beside what install would write; foreign: somebody else wrote it'),
      enabled: z.boolean().nullable().describe('null: not known, or started by its timer'),
      active: z.string().nullable().describe('null: not known'),
      result: z.string().nullable().describe('of the last run: success, exit-code, timeout, …'),
      exitCode: z.int().nullable().describe('of the last run'),
    }),
  ),
});

export type ServiceInstallResult = z.infer<typeof serviceInstallResult>;
export type ServiceRemoveResult = z.infer<typeof serviceRemoveResult>;
export type ServiceStatusResult = z.infer<typeof serviceStatusResult>;
