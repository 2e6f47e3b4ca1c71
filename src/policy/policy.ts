import * as z from 'zod';
import { cpusetValue } from './cpuset.ts';
import { egressText } from './egress.ts';
import { limitsInput, memoryAmount, storageAmount } from './limits.ts';

export const risks = ['low', 'medium', 'high', 'critical'] as const;

export type Risk = (typeof risks)[number];

const count = z.int().min(0).max(1_000_000);
const atLeastOne = z.int().min(1).max(1_000_000);
const patterns = z.array(z.string().min(1).max(200)).max(200);

/** Which tools, resources or prompts are seen and may be used; `*` in a pattern stands for anything. */
const exposure = z.strictObject({ allow: patterns.optional(), deny: patterns.optional() });

/** What may differ from one template to another. */
const templatePolicy = z.strictObject({
  tools: exposure.optional(),
  resources: exposure.optional(),
  prompts: exposure.optional(),
  maxTools: count.optional(),
  maxResources: count.optional(),
  maxPrompts: count.optional(),
  requestsPerMinute: atLeastOne.optional(),
  burst: atLeastOne.optional(),
  concurrency: atLeastOne.optional(),
});

/**
 * What a group or a user may do, as people write it; what is left out is left to the next source. A
 * parsed policy is a valid policy again: sizes are then in bytes.
 */
export const policySchema = z.strictObject({
  memory: memoryAmount.optional().describe('memory cap of each server, such as `512m`'),
  cpus: limitsInput.shape.cpus.describe('CPU cap of each server'),
  cpuset: cpusetValue
    .optional()
    .describe('processors that each server may run on, such as `0-3,6`'),
  pids: limitsInput.shape.pids.describe('process cap of each server'),
  storage: storageAmount.optional().describe('quota of the workspace, such as `2g`; 0: none'),
  servers: count.optional().describe('servers a user may have'),
  sessions: atLeastOne.optional().describe('sessions open at once at one server'),
  requestsPerMinute: atLeastOne.optional().describe('requests to all servers of a user together'),
  burst: atLeastOne.optional().describe('requests that may come at once before that rate holds'),
  concurrency: atLeastOne.optional().describe('calls in flight at all servers of a user together'),
  queue: count.optional().describe('calls that may wait for their turn behind those'),
  maxTools: count.optional().describe('tools a server shows, in its own order'),
  maxResources: count.optional().describe('resources a server shows, in its own order'),
  maxPrompts: count.optional().describe('prompts a server shows, in its own order'),
  tools: exposure.optional().describe('tools, by name: lists `allow` and `deny`; `deny` wins'),
  resources: exposure.optional().describe('resources, by URI'),
  prompts: exposure.optional().describe('prompts, by name'),
  maxRisk: z.enum(risks).optional().describe('riskiest template that needs no approval'),
  egress: z
    .string()
    .refine((text) => egressText.safeParse(text).success, {
      error: 'write public, none, open or allow:host[:port],cidr,…',
    })
    .optional()
    .describe('what servers may reach: `public`, `none`, `open` or `allow:…`'),
  allowedTemplates: patterns
    .optional()
    .describe('templates a user may be given: catalog names, paths of template folders'),
  allowedImages: patterns.optional().describe('images that templates may name as their source'),
  templates: z
    .record(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a template’s name'), templatePolicy)
    .optional()
    .describe('by name of a template: what differs there, or holds there besides'),
});

export type Policy = z.output<typeof policySchema>;
export type PolicyKey = keyof Policy;
export type TemplatePolicy = z.output<typeof templatePolicy>;

/** How a policy is to change: first replaced, then what is unset, then what is set. */
export interface PolicyPatch {
  readonly replacement?: Policy | undefined;
  readonly unset?: readonly PolicyKey[] | undefined;
  readonly set?: Policy | undefined;
}

/** The policy after a change; of `tools`, `resources` and `prompts` the two lists change apart. */
export function patchPolicy(policy: Policy, { replacement, unset, set = {} }: PolicyPatch): Policy {
  const base: Policy = { ...(replacement ?? policy) };
  for (const key of unset ?? []) delete base[key];
  const next: Policy = { ...base, ...set };
  for (const key of ['tools', 'resources', 'prompts'] as const) {
    if (set[key]) next[key] = { ...base[key], ...set[key] };
  }
  return next;
}

/** Whether two policies say the same, in whichever order. */
export function isSamePolicy(one: Policy, other: Policy): boolean {
  return canonical(one) === canonical(other);
}

function canonical(policy: Policy): string {
  return JSON.stringify(policy, (_key, value: unknown) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Whether one risk is above another. */
export function isRiskier(risk: Risk, than: Risk): boolean {
  return risks.indexOf(risk) > risks.indexOf(than);
}
