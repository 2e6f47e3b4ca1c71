import type { Egress } from '../policy/egress.ts';
import type { LimitOverrides } from '../policy/limits.ts';
import type { Policy, Risk } from '../policy/policy.ts';

/** A tenant. */
export interface User {
  /** Immutable, `u` and 10 base32 characters. */
  readonly id: string;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** The account whose uid this is, when asked for with `--os-user`. */
  readonly osUser: string | null;
  readonly ports: { readonly start: number; readonly end: number };
  /** IPv4 CIDR. */
  readonly subnet: string;
  readonly workspace: string;
  /** True when the workspace is mcpd's own folder, which `--purge` may delete. */
  readonly workspaceManaged: boolean;
  readonly limits: LimitOverrides;
  /** Null: the group's or the host's. */
  readonly egress: Egress | null;
  /** What else they have of their own, without caps and egress. */
  readonly policy: Policy;
  readonly group: Group | null;
  /** True after `down`: no container or network is wanted. */
  readonly down: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Fence of the lease that the command had which made them; null when their rows are all there is to make. */
  readonly madeUnder: number | null;
  readonly expiresAt: number | null;
  /** What groups users of one CI run. */
  readonly runId: string | null;
}

/** Users with a policy in common. */
export interface Group {
  /** Immutable, `g` and 10 base32 characters. */
  readonly id: string;
  readonly name: string;
  readonly policy: Policy;
  readonly createdAt: number;
}

/** An administrator's word that a user may have a template that is too risky for them. */
export interface Approval {
  /** Catalog name, or the absolute path of a template folder. */
  readonly template: string;
  readonly risk: Risk;
  readonly reason: string;
  /** An account of the host. */
  readonly approvedBy: string;
  readonly approvedAt: number;
}

/** One MCP server of one user. */
export interface Server {
  /** Immutable, `s` and 10 base32 characters. */
  readonly id: string;
  readonly userId: string;
  /** Unique within the user. */
  readonly name: string;
  /** Catalog name, or the absolute path of a template folder. */
  readonly template: string;
  readonly port: number;
  readonly desired: 'running' | 'stopped';
  /** True once it was ready on this port, after which the port is never changed silently. */
  readonly settled: boolean;
  readonly createdAt: number;
}

export interface Token {
  /** JWT id. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** Names of the servers that it opens; null: all of the user's, also later ones. */
  readonly servers: readonly string[] | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** Id of the token that took its name by rotation; it ends with its overlap. */
  readonly replacedBy: string | null;
}
