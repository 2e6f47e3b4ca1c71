import { string } from '@oclif/core/flags';
import type { Policy } from '../policy/policy.ts';
import { approve, group, runId, timeout, ttl } from './flags.ts';
import { newPolicyFrom, policyFlags } from './policy-flags.ts';
import { readSecretFlags } from './secret-flags.ts';

/** What may be said of a user who is to be made. */
export const tenantFlags = {
  server: string({
    char: 's',
    summary: 'Templates or template folders, separated by commas.',
    helpValue: 'TEMPLATE,…',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  workspace: string({ summary: 'Folder that the servers work in.', helpValue: 'PATH' }),
  'os-user': string({ summary: "Use this account's uid.", helpValue: 'NAME' }),
  group,
  ...policyFlags,
  approve,
  secret: string({
    summary: 'A secret from a file, or from stdin with @-.',
    helpValue: 'NAME=@FILE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  ttl,
  'run-id': runId,
  timeout,
};

type PolicyFlags = Parameters<typeof newPolicyFrom>[0];

interface TenantFlags extends PolicyFlags {
  readonly server?: readonly string[] | undefined;
  readonly workspace?: string | undefined;
  readonly 'os-user'?: string | undefined;
  readonly group?: string | undefined;
  readonly approve?: string | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly 'run-id'?: string | undefined;
  readonly timeout: number;
}

interface TenantRequest {
  readonly templates: readonly string[] | undefined;
  readonly own: Policy;
  readonly workspace: string | undefined;
  readonly osUser: string | undefined;
  readonly group: string | undefined;
  readonly approval: string | undefined;
  readonly secrets: ReadonlyMap<string, string>;
  readonly runId: string | undefined;
  readonly timeoutMs: number;
}

/** Reads the files that flags name, too. */
export async function tenantRequest(
  flags: TenantFlags,
  signal: AbortSignal,
): Promise<TenantRequest> {
  return {
    templates: flags.server,
    own: await newPolicyFrom(flags, signal),
    workspace: flags.workspace,
    osUser: flags['os-user'],
    group: flags.group,
    approval: flags.approve,
    secrets: await readSecretFlags(flags.secret ?? [], { signal }),
    runId: flags['run-id'],
    timeoutMs: flags.timeout,
  };
}
