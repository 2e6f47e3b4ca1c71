import * as z from 'zod';
import { cpusetValue } from '../policy/cpuset.ts';
import { egressText } from '../policy/egress.ts';
import { mappingProblem } from '../policy/claim-values.ts';
import {
  auditSize,
  limitsInput,
  memoryAmount,
  memorySize,
  storageAmount,
  storageSize,
} from '../policy/limits.ts';
import { policySchema, risks } from '../policy/policy.ts';
import { grantableScopes, scopes } from '../policy/scopes.ts';
import { isSafeAddress } from '../policy/web-address.ts';

const cidr = z.cidrv4('write an IPv4 range such as 10.200.0.0/14');
const port = z.int().min(1024).max(65535);
const { servers, sessions, requestsPerMinute, burst, concurrency, queue } = policySchema.shape;
const { maxTools, maxResources, maxPrompts } = policySchema.shape;

/** A setting that may say nothing: `none`, which becomes null. */
function orNone<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal('none').transform(() => null), schema]).prefault('none' as never);
}

/**
 * The host's settings, `config.json`. Nothing that must be unique lives here: that is the registry's.
 * Every leaf has a default, so an empty file is a valid one.
 */
export const hostConfigSchema = z.strictObject({
  ports: z
    .strictObject({
      start: port.default(20000).describe('first port that users get'),
      end: port.default(29999).describe('last port that users get'),
      perUser: z.int().min(1).max(1000).default(10).describe('ports reserved for each user'),
    })
    .prefault({})
    .refine(
      (ports) => ports.end - ports.start + 1 >= ports.perUser,
      'holds no whole block of ports',
    ),
  subnets: z
    .strictObject({
      pool: cidr.default('10.200.0.0/14').describe('range that user networks are cut from'),
      prefix: z.int().min(24).max(29).default(28).describe('prefix length of each user network'),
    })
    .prefault({}),
  uids: z
    .strictObject({
      start: z.int().min(1000).default(200000).describe('first uid of tenants'),
      end: z.int().min(1000).default(265535).describe('last uid of tenants'),
    })
    .prefault({})
    .refine((uids) => uids.end >= uids.start, 'the last uid is below the first'),
  quarantineHours: z
    .number()
    .min(0)
    .default(24)
    .describe('hours that a removed user’s ports, subnet and uid stay unused'),
  bindAddress: z.ipv4().default('127.0.0.1').describe('address that server ports are published on'),
  publicHost: z.string().default('').describe('host name in URLs; empty: the bind address'),
  limits: z
    .strictObject({
      memory: memorySize.prefault('512m').describe('default memory cap of a server'),
      cpus: z.number().positive().default(1).describe('default CPU cap of a server'),
      cpuset: orNone(cpusetValue).describe(
        'processors that servers may run on by default, such as 1-7; none: all',
      ),
      pids: z.int().min(16).default(256).describe('default process cap of a server'),
      tmp: memorySize.prefault('64m').describe('size of /tmp in a server'),
      openFiles: z.int().min(64).default(4096).describe('open files per process of a server'),
      storage: storageSize
        .prefault('0')
        .describe(
          'default quota of a workspace; 0: none. Only measured where it can’t be enforced',
        ),
    })
    .prefault({}),
  audit: z
    .strictObject({
      fileSize: auditSize
        .prefault('16m')
        .describe('an audit file of this size is followed by a new one'),
      fileHours: z
        .number()
        .positive()
        .default(24)
        .describe('hours until one is followed by a new one'),
      files: z.int().min(1).default(32).describe('older audit files kept of each server'),
      totalSize: auditSize
        .prefault('128m')
        .describe('older audit files kept of each server, together'),
    })
    .prefault({}),
  egress: z
    .string()
    .refine(
      (text) => egressText.safeParse(text).success,
      'write public, none, open or allow:host[:port],cidr,…',
    )
    .default('public')
    .describe('default egress profile of users'),
  policy: z
    .strictObject({
      servers: orNone(servers.unwrap()).describe('default number of servers of a user'),
      sessions: orNone(sessions.unwrap()).describe(
        'default sessions at once of a server; none: 16, or 256 that share one process',
      ),
      requestsPerMinute: orNone(requestsPerMinute.unwrap()).describe(
        'default requests a minute of a user',
      ),
      burst: orNone(burst.unwrap()).describe('default requests at once before that rate holds'),
      concurrency: orNone(concurrency.unwrap()).describe('default calls in flight of a user'),
      queue: orNone(queue.unwrap()).describe('default calls waiting for their turn; none: 4 each'),
      maxTools: orNone(maxTools.unwrap()).describe('default number of tools a server shows'),
      maxResources: orNone(maxResources.unwrap()).describe(
        'default number of resources a server shows',
      ),
      maxPrompts: orNone(maxPrompts.unwrap()).describe('default number of prompts a server shows'),
      maxRisk: orNone(z.enum(risks)).describe('riskiest template that needs no approval'),
    })
    .prefault({}),
  maximum: z
    .strictObject({
      memory: orNone(memoryAmount).describe('memory cap of a server that nobody exceeds'),
      cpus: orNone(limitsInput.shape.cpus.unwrap()).describe('the same for its CPU cap'),
      cpuset: orNone(cpusetValue).describe('processors that no server leaves'),
      pids: orNone(limitsInput.shape.pids.unwrap()).describe('the same for its process cap'),
      storage: orNone(
        storageAmount.refine((bytes) => bytes > 0, 'write none for no maximum'),
      ).describe('quota that no workspace exceeds; only measured where it can’t be enforced'),
      servers: orNone(servers.unwrap()).describe('servers that no user exceeds'),
      sessions: orNone(sessions.unwrap()).describe('sessions at once that no server exceeds'),
      requestsPerMinute: orNone(requestsPerMinute.unwrap()).describe(
        'requests a minute that no user exceeds',
      ),
      concurrency: orNone(concurrency.unwrap()).describe('calls in flight that no user exceeds'),
    })
    .prefault({}),
  admission: z
    .strictObject({
      memoryShare: z
        .number()
        .positive()
        .max(100)
        .default(1)
        .describe('share of the host’s memory that all caps together may promise'),
    })
    .prefault({}),
  administrators: z
    .array(z.string().min(1))
    .default(['root'])
    .describe('accounts that may approve a riskier template; who used sudo counts as themselves'),
  firewall: z
    .enum(['auto', 'required', 'off'])
    .default('auto')
    .describe('auto: required when mcpd runs as root; off: egress profiles are not enforced'),
  workspaceRoots: z
    .array(z.string().startsWith('/'))
    .default(['/home', '/srv'])
    .describe('folders that --workspace may point into'),
  baseImage: z
    .string()
    .default('node:24-bookworm-slim')
    .describe('base image; assembled from this host when it can’t be pulled'),
  extraCaCertificates: z
    .array(z.string().startsWith('/'))
    .default([])
    .describe('PEM files added to the certificates that images trust'),
  origins: z
    .array(z.string())
    .default([])
    .describe('browser origins that may call servers, e.g. http://localhost:6274'),
  oidc: z
    .strictObject({
      issuer: z
        .string()
        .refine((text) => text === '' || isSafeAddress(text), 'write an https:// address')
        .default('')
        .describe('OIDC issuer whose tokens servers accept too; empty: none'),
      audience: z.string().default('').describe('audience that its tokens must name'),
      userClaim: z.string().min(1).default('sub').describe('claim that says whose token it is'),
      users: z
        .array(z.string())
        .superRefine((users, issue) => {
          const problem = mappingProblem(users);
          if (problem !== undefined) issue.addIssue(problem);
        })
        .default([])
        .describe('who that is: VALUE=USER, or * where it is the user’s name'),
      scopes: z
        .array(z.enum(grantableScopes))
        .default([...scopes])
        .describe('the most that its tokens may do'),
      scopeClaim: z
        .string()
        .default('')
        .describe('claim that says which of these a token has; empty: all'),
      maxAgeHours: z
        .number()
        .positive()
        .default(24)
        .describe('hours that its keys are good for when it can’t be asked'),
    })
    .prefault({})
    .refine(
      ({ issuer, audience }) => issuer === '' || audience !== '',
      'an issuer needs oidc.audience first',
    ),
});

export type HostConfig = z.output<typeof hostConfigSchema>;
