import { cpusetWithin } from './cpuset.ts';
import { isRiskier, type Policy, type Risk, type TemplatePolicy } from './policy.ts';

/** Who said a value. The first of them that says one is heard; nobody exceeds the maximum. */
export const sources = ['user', 'group', 'template', 'host', 'maximum'] as const;

export type Source = (typeof sources)[number];

/** What each source says. */
export interface Layers {
  readonly user: Policy;
  readonly group: Policy;
  readonly template: Policy;
  /** The host's defaults, memory, cpus, pids and egress among them. */
  readonly host: Policy;
  /** What nobody exceeds. */
  readonly maximum: Policy;
}

/** A value with who said it; null: nobody did. */
export interface Sourced<Value> {
  readonly value: Value;
  readonly from: Source | null;
}

interface Values {
  /** Bytes. */
  memory: number;
  cpus: number;
  cpuset: string | null;
  pids: number;
  /** Bytes; a quota of 0, which is none, is null. */
  storage: number | null;
  servers: number | null;
  sessions: number | null;
  requestsPerMinute: number | null;
  burst: number | null;
  concurrency: number | null;
  queue: number | null;
  maxTools: number | null;
  maxResources: number | null;
  maxPrompts: number | null;
  'tools.allow': readonly string[] | null;
  'tools.deny': readonly string[] | null;
  'resources.allow': readonly string[] | null;
  'resources.deny': readonly string[] | null;
  'prompts.allow': readonly string[] | null;
  'prompts.deny': readonly string[] | null;
  maxRisk: Risk | null;
  egress: string;
  allowedTemplates: readonly string[] | null;
  allowedImages: readonly string[] | null;
  'server.requestsPerMinute': number | null;
  'server.burst': number | null;
  'server.concurrency': number | null;
}

export type EffectivePolicy = { readonly [Key in keyof Values]: Sourced<Values[Key]> };
export type EffectiveKey = keyof Values;

type Read = (policy: Policy, here: TemplatePolicy) => unknown;

/** Where each value stands in a policy. `here` is what the policy says of the template in question. */
const readers: { readonly [Key in EffectiveKey]: Read } = {
  memory: ({ memory }) => memory,
  cpus: ({ cpus }) => cpus,
  cpuset: ({ cpuset }) => cpuset,
  pids: ({ pids }) => pids,
  storage: ({ storage }) => (storage === 0 ? null : storage),
  servers: ({ servers }) => servers,
  sessions: ({ sessions }) => sessions,
  requestsPerMinute: ({ requestsPerMinute }) => requestsPerMinute,
  burst: ({ burst }) => burst,
  concurrency: ({ concurrency }) => concurrency,
  queue: ({ queue }) => queue,
  maxTools: (policy, here) => here.maxTools ?? policy.maxTools,
  maxResources: (policy, here) => here.maxResources ?? policy.maxResources,
  maxPrompts: (policy, here) => here.maxPrompts ?? policy.maxPrompts,
  'tools.allow': (policy, here) => here.tools?.allow ?? policy.tools?.allow,
  'tools.deny': (policy, here) => here.tools?.deny ?? policy.tools?.deny,
  'resources.allow': (policy, here) => here.resources?.allow ?? policy.resources?.allow,
  'resources.deny': (policy, here) => here.resources?.deny ?? policy.resources?.deny,
  'prompts.allow': (policy, here) => here.prompts?.allow ?? policy.prompts?.allow,
  'prompts.deny': (policy, here) => here.prompts?.deny ?? policy.prompts?.deny,
  maxRisk: ({ maxRisk }) => maxRisk,
  egress: ({ egress }) => egress,
  allowedTemplates: ({ allowedTemplates }) => allowedTemplates,
  allowedImages: ({ allowedImages }) => allowedImages,
  'server.requestsPerMinute': (_policy, here) => here.requestsPerMinute,
  'server.burst': (_policy, here) => here.burst,
  'server.concurrency': (_policy, here) => here.concurrency,
};

export const effectiveKeys = Object.keys(readers) as EffectiveKey[];

/**
 * What holds for a user, or for their server of this template, and who said so: user > group >
 * template > host, each value by itself. A value above the maximum is the maximum, and so is an absent one.
 */
export function effectivePolicy(layers: Layers, template?: string): EffectivePolicy {
  const entries = effectiveKeys.map((key) => [key, bounded(layers, key, template)]);
  return Object.fromEntries(entries) as EffectivePolicy;
}

function bounded(layers: Layers, key: EffectiveKey, template?: string): Sourced<unknown> {
  const said = firstSaid(layers, key, template);
  const most = readers[key](layers.maximum, {});
  const value = most === undefined ? said.value : atMost(key, said.value, most);
  return value === said.value ? said : { value, from: 'maximum' };
}

function firstSaid(layers: Layers, key: EffectiveKey, template?: string): Sourced<unknown> {
  for (const from of ['user', 'group', 'template', 'host'] as const) {
    const policy = layers[from];
    const value = readers[key](policy, partFor(policy, template));
    if (value !== undefined) return { value, from };
  }
  return { value: null, from: null };
}

function partFor({ templates }: Policy, template: string | undefined): TemplatePolicy {
  const isNamed = template !== undefined && templates && Object.hasOwn(templates, template);
  return (isNamed && templates[template]) || {};
}

function atMost(key: EffectiveKey, value: unknown, most: unknown): unknown {
  if (value === null) return most;
  if (key === 'cpuset') return cpusetWithin(value as string, most as string);
  if (key === 'maxRisk') return isRiskier(value as Risk, most as Risk) ? most : value;
  return Math.min(value as number, most as number);
}
