import * as z from 'zod';
import { limitsInput } from '../policy/limits.ts';
import { bridgePort } from '../policy/ports.ts';

export const templateName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, 'is not lower-case letters, digits and dashes, at most 31');

export const secretName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'is not an upper-case environment variable name');

/** A secret the server reads from its environment. */
const secretSpec = z.strictObject({
  name: secretName,
  description: z.string(),
  required: z.boolean().default(true),
});

/** Where the server's program comes from: an npm spec (registry version, tarball or folder), or an OCI image. */
const source = z.union([
  z.strictObject({ npm: z.string().min(1) }),
  z.strictObject({ image: z.string().min(1) }),
]);

/** Where a server with `"transport": "http"` listens. */
const httpTarget = z.strictObject({
  port: z
    .int()
    .min(1024)
    .max(65_535)
    .refine((port) => port !== bridgePort, 'is the bridge’s own port; take another'),
  path: z
    .string()
    .regex(/^\/[\w.~/-]*$/, 'begins with / and has no query')
    .default('/mcp'),
});

/**
 * `templates/<name>/template.json`. In `command` and `env`, `${workspace}` is the tenant's workspace
 * in the container and `${package}` the folder of the installed npm package.
 */
export const templateSchema = z.strictObject({
  $schema: z.string().optional(),
  name: templateName,
  title: z.string().min(1),
  description: z.string().min(1),
  source,
  command: z.array(z.string()).min(1),
  env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({}),
  secrets: z.array(secretSpec).default([]),
  transport: z.enum(['stdio', 'http']).default('stdio'),
  http: httpTarget.optional(),
  sessions: z.enum(['isolated', 'shared']).default('isolated'),
  riskLevel: z.enum(['low', 'medium', 'high', 'critical']),
  requiresUserIsolation: z.boolean(),
  userAware: z.boolean(),
  limits: limitsInput.default({}),
});

export type Template = z.infer<typeof templateSchema> & {
  /** Absolute folder the template was read from. */
  readonly folder: string;
};
