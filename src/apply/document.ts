import * as z from 'zod';
import { nameText } from '../name.ts';
import { policySchema } from '../policy/policy.ts';
import { secretName, templateName } from '../templates/schema.ts';

/** The fields of a policy that a document may write in ways which reading makes one. */
const written = policySchema.extend({
  cpuset: z.union([z.string(), z.number()]).optional().describe(describe('cpuset')),
  memory: z.union([z.string(), z.number()]).optional().describe(describe('memory')),
  storage: z.union([z.string(), z.number()]).optional().describe(describe('storage')),
});

const inlineValue =
  'a value may not stand in the document; write { file: PATH }, { env: NAME } or { command: [PROGRAM, ARGUMENT, …] }';

const sources = ['file', 'env', 'command'] as const;

/** Where a secret's value is. */
const secretReference = z
  .strictObject(
    {
      file: z.string().min(1).optional().describe('path of a file, from the document’s folder'),
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable')
        .optional()
        .describe('environment variable of the command that applies'),
      command: z
        .array(z.string())
        .min(1)
        .optional()
        .describe('program and arguments, run without a shell; prints the value'),
      optional: z.boolean().optional().describe('without a value, the one that is stored stays'),
    },
    { error: ({ code }) => (code === 'invalid_type' ? inlineValue : undefined) },
  )
  .refine((reference) => sources.filter((source) => reference[source] !== undefined).length === 1, {
    error: 'name one of file, env and command',
  })
  .meta({ oneOf: sources.map((source) => ({ required: [source] })) });

const server = z
  .union([
    z.string().min(1),
    z.strictObject({
      template: z.string().min(1),
      approve: z
        .string()
        .trim()
        .min(1)
        .max(500)
        .optional()
        .describe('why the user may have a template that is too risky for them'),
    }),
  ])
  .describe('a template: of the catalog, one named above, or the path of its folder');

/** A document with its policies written as `Policies` says. */
function documentOf<Policies extends z.ZodType>(policy: Policies) {
  const user = z.strictObject({
    group: nameText.optional().describe('group whose policy holds for the user; left out: none'),
    policy: policy
      .optional()
      .describe('what the user has of their own: it goes before the group’s'),
    osUser: z.string().min(1).optional().describe('account whose uid it is; chosen once'),
    workspace: z.string().min(1).optional().describe('folder that servers work in; chosen once'),
    servers: z.array(server).optional().describe('left out: the filesystem server'),
    secrets: z.record(secretName, secretReference).optional().describe('by name: where each is'),
  });
  return z.strictObject({
    $schema: z.string().optional(),
    version: z.literal(1).describe('of this format'),
    images: z.array(z.string().min(1)).optional().describe('templates to build images of first'),
    templates: z
      .record(templateName, z.string().min(1))
      .optional()
      .describe('template folders by the names of their templates, from the document’s folder'),
    groups: z.record(nameText, policy.nullable()).optional().describe('groups and their policies'),
    users: z.record(nameText, user.nullable()).optional().describe('users, all of what they have'),
  });
}

/** Tenants as a file describes them, `tenants.yaml`. */
export const documentSchema = documentOf(policySchema);

/** The same before it is read: what editors check, and `export` writes. */
export const writtenDocument = documentOf(written);

export type Document = z.output<typeof documentSchema>;
export type DocumentUser = NonNullable<NonNullable<Document['users']>[string]>;
export type SecretReference = z.output<typeof secretReference>;
export type WrittenDocument = z.output<typeof writtenDocument>;

function describe(key: 'cpuset' | 'memory' | 'storage'): string {
  return policySchema.shape[key].description ?? '';
}
