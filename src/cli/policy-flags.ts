import { string } from '@oclif/core/flags';
import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { formatEgress, type Egress } from '../policy/egress.ts';
import {
  patchPolicy,
  policySchema,
  risks,
  type Policy,
  type PolicyKey,
  type PolicyPatch,
} from '../policy/policy.ts';
import { egress, flagOf, limitFlags, numberText } from './flags.ts';
import { readValue } from './read-value.ts';

const { shape } = policySchema;

const riskError = {
  error: ({ input }: { readonly input?: unknown }) =>
    `"${String(input)}" is not a risk; write one of ${risks.join(', ')}`,
};

/** Everything a policy may say that flags can; the rest is for `--policy`. */
export const policyFlags = {
  policy: string({
    summary: 'A policy as JSON, from a file or from stdin; other flags go before it.',
    helpValue: '@FILE|-',
  }),
  ...limitFlags,
  'max-servers': numberFlag(shape.servers.unwrap(), 'Servers that a user may have.'),
  'max-sessions': numberFlag(shape.sessions.unwrap(), 'Sessions at once of each server.'),
  rate: numberFlag(shape.requestsPerMinute.unwrap(), 'Requests a minute, at all servers together.'),
  burst: numberFlag(shape.burst.unwrap(), 'Requests at once before the rate holds.'),
  concurrency: numberFlag(shape.concurrency.unwrap(), 'Calls in flight, at all servers together.'),
  queue: numberFlag(shape.queue.unwrap(), 'Calls that may wait for their turn.'),
  'max-tools': numberFlag(shape.maxTools.unwrap(), 'Tools that a server shows.'),
  'max-resources': numberFlag(shape.maxResources.unwrap(), 'Resources that a server shows.'),
  'max-prompts': numberFlag(shape.maxPrompts.unwrap(), 'Prompts that a server shows.'),
  'allow-tool': patternFlag('Tools that may be used, such as read_*; no others then.'),
  'deny-tool': patternFlag('Tools that may not be used.'),
  'allow-resource': patternFlag('Resources that may be read, by URI; no others then.'),
  'deny-resource': patternFlag('Resources that may not be read.'),
  'allow-prompt': patternFlag('Prompts that may be used; no others then.'),
  'deny-prompt': patternFlag('Prompts that may not be used.'),
  'allow-template': patternFlag('Templates that may be given; no others then.'),
  'allow-image': patternFlag('Images that templates may name; no others then.'),
  'max-risk': flagOf(z.enum(risks, riskError) as z.ZodType<(typeof risks)[number], string>)({
    summary: `Riskiest template that needs no approval: ${risks.join(', ')}.`,
    helpValue: 'LEVEL',
  }),
  egress,
};

export const unset = string({
  summary: 'Take a value back, such as memory or tools: the next source is heard then.',
  helpValue: 'FIELD',
  options: Object.keys(shape),
  multiple: true,
  multipleNonGreedy: true,
});

interface PolicyFlags {
  readonly policy?: string | undefined;
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
  readonly cpuset?: string | undefined;
  readonly pids?: number | undefined;
  readonly storage?: number | undefined;
  readonly 'max-servers'?: number | undefined;
  readonly 'max-sessions'?: number | undefined;
  readonly rate?: number | undefined;
  readonly burst?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly queue?: number | undefined;
  readonly 'max-tools'?: number | undefined;
  readonly 'max-resources'?: number | undefined;
  readonly 'max-prompts'?: number | undefined;
  readonly 'allow-tool'?: string[] | undefined;
  readonly 'deny-tool'?: string[] | undefined;
  readonly 'allow-resource'?: string[] | undefined;
  readonly 'deny-resource'?: string[] | undefined;
  readonly 'allow-prompt'?: string[] | undefined;
  readonly 'deny-prompt'?: string[] | undefined;
  readonly 'allow-template'?: string[] | undefined;
  readonly 'allow-image'?: string[] | undefined;
  readonly 'max-risk'?: (typeof risks)[number] | undefined;
  readonly egress?: Egress | undefined;
  readonly unset?: string[] | undefined;
}

/** The flags as a change of a policy. Throws UsageError for a file that holds none. */
export async function policyPatchFrom(
  flags: PolicyFlags,
  signal: AbortSignal,
): Promise<PolicyPatch> {
  return {
    replacement: flags.policy === undefined ? undefined : await readPolicy(flags.policy, signal),
    unset: flags.unset as PolicyKey[] | undefined,
    set: said({
      memory: flags.memory,
      cpus: flags.cpus,
      cpuset: flags.cpuset,
      pids: flags.pids,
      storage: flags.storage,
      servers: flags['max-servers'],
      sessions: flags['max-sessions'],
      requestsPerMinute: flags.rate,
      burst: flags.burst,
      concurrency: flags.concurrency,
      queue: flags.queue,
      maxTools: flags['max-tools'],
      maxResources: flags['max-resources'],
      maxPrompts: flags['max-prompts'],
      tools: exposure(flags['allow-tool'], flags['deny-tool']),
      resources: exposure(flags['allow-resource'], flags['deny-resource']),
      prompts: exposure(flags['allow-prompt'], flags['deny-prompt']),
      allowedTemplates: flags['allow-template'],
      allowedImages: flags['allow-image'],
      maxRisk: flags['max-risk'],
      egress: flags.egress && formatEgress(flags.egress),
    }),
  };
}

/** The same for somebody who has no policy yet. */
export async function newPolicyFrom(flags: PolicyFlags, signal: AbortSignal): Promise<Policy> {
  return patchPolicy({}, await policyPatchFrom(flags, signal));
}

/** Without what no flag says. */
function said(policy: { readonly [Key in PolicyKey]?: Policy[Key] | undefined }): Policy {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

/** Whether the flags ask for anything. */
export function isEmptyPatch({ replacement, unset: taken = [], set = {} }: PolicyPatch): boolean {
  return !replacement && taken.length === 0 && Object.keys(set).length === 0;
}

async function readPolicy(from: string, signal: AbortSignal): Promise<Policy> {
  if (from !== '-' && !from.startsWith('@')) {
    throw new UsageError('--policy takes @FILE, or - for stdin.', { code: 'USAGE' });
  }
  const bytes = await readValue({ from, label: 'Policy', signal });
  const parsed = policySchema.safeParse(parseJson(Buffer.from(bytes).toString('utf8')));
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw notAPolicy(reasons.join('; '));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notAPolicy('it is no JSON');
  }
}

function notAPolicy(reason: string): UsageError {
  return new UsageError(`--policy is not a policy: ${reason}.`, {
    code: 'POLICY_INVALID',
    suggestions: ['mcpd group show NAME --json shows one that is'],
  });
}

function exposure(allow: string[] | undefined, deny: string[] | undefined): Policy['tools'] {
  if (!allow && !deny) return undefined;
  return { ...(allow && { allow }), ...(deny && { deny }) };
}

function numberFlag(schema: z.ZodType<number, number>, summary: string) {
  return flagOf(numberText.pipe(schema))({ summary, helpValue: 'N' });
}

function patternFlag(summary: string) {
  return string({ summary, helpValue: 'PATTERN', multiple: true, multipleNonGreedy: true });
}
