import * as z from 'zod';
import { policySchema, risks } from '../policy/policy.ts';

/** Raised when an older mcpd could not read what a newer one writes. */
export const formatVersion = 1;

const name = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);
const idOf = (prefix: string) => z.string().regex(new RegExp(`^${prefix}[a-z2-7]{10}$`));
const time = z.int().describe('milliseconds since the epoch');
const port = z.int().min(1).max(65_535);

const serverBackup = z.strictObject({
  id: idOf('s'),
  name,
  template: z.string().min(1),
  port,
  desired: z.enum(['running', 'stopped']),
});

const tokenBackup = z.strictObject({
  id: idOf('t'),
  name: z.string(),
  scopes: z.array(z.string()),
  servers: z.array(z.string()).nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  replacedBy: z.string().nullable(),
});

const approvalBackup = z.strictObject({
  template: z.string().min(1),
  risk: z.enum(risks),
  reason: z.string(),
  approvedBy: z.string(),
  approvedAt: time,
});

const userBackup = z.strictObject({
  id: idOf('u'),
  name,
  uid: z.int().min(0),
  osUser: z.string().nullable(),
  ports: z.strictObject({ start: port, end: port }),
  subnet: z.cidrv4(),
  workspace: z.string(),
  workspaceManaged: z.boolean(),
  own: policySchema,
  group: name.nullable(),
  down: z.boolean(),
  expiresAt: time.nullable(),
  servers: z.array(serverBackup),
  approvals: z.array(approvalBackup),
  secrets: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  tokens: z.array(tokenBackup),
});

/**
 * The first member of a backup. It holds secrets and, of a whole home, the key that signs tokens: it is
 * never outside of the encrypted file, and in no result.
 */
export const manifestSchema = z.strictObject({
  format: z.literal(formatVersion),
  /** Of the mcpd that wrote it. */
  version: z.string(),
  /** Version of the registry that it was read from. */
  registry: z.int(),
  instance: z.string().regex(/^[a-z2-7]{8}$/),
  /** Path of the home that it was read from. */
  home: z.string(),
  /** Public half of the key that signs its tokens. */
  tokenKey: z.string(),
  takenAt: z.iso.datetime(),
  workspaces: z.boolean().describe('false: files were left out'),
  users: z.array(userBackup),
  groups: z.array(z.strictObject({ name, policy: policySchema })),
  /** What makes a home that home; null: only some users were asked for. */
  identity: z
    .strictObject({
      settings: z.record(z.string(), z.unknown()),
      /** The text of `keys/token.jwk`. */
      tokenKeyFile: z.string(),
    })
    .nullable(),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type UserBackup = z.infer<typeof userBackup>;

/** The last member: what all before it must add up to. */
export const endSchema = z.strictObject({
  members: z.int(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
