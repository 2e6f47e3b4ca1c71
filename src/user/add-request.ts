import type { Policy } from '../policy/policy.ts';
import type { Holder } from '../registry/processes.ts';

/** A user as they are asked for. */
export interface AddRequest {
  readonly name: string;
  /** Catalog names or template folders; none given: `filesystem`. */
  readonly templates: readonly string[] | undefined;
  readonly workspace: string | undefined;
  readonly osUser: string | undefined;
  /** What they have of their own: caps, egress and the rest. */
  readonly own: Policy;
  readonly group: string | undefined;
  /** Why they may have templates that are too risky for them: all, or each by its reference. */
  readonly approval: string | ReadonlyMap<string, string> | undefined;
  /** Values by name; never printed. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly ttlMs: number | undefined;
  readonly runId?: string | undefined;
  /** The process that a new user is made for. One of that name may not be there. */
  readonly owner?: Holder | undefined;
  readonly start: boolean;
  /** False: they get no token now. */
  readonly withToken?: boolean;
  readonly timeoutMs: number;
}
