/** Which of a server's tools, resources or prompts its user may see and use. */
export interface Exposure {
  /** Patterns with `*`; null: everything that `deny` leaves. */
  readonly allow: readonly string[] | null;
  /** Patterns with `*`; they win over `allow`. */
  readonly deny: readonly string[];
  /** How many at most, in the server's own order; null: all. */
  readonly most: number | null;
}

/** A token bucket: it fills at `perMinute` and holds `burst`. */
export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

/** How many calls may run at once, and how many more may wait for their turn. */
export interface Concurrency {
  readonly calls: number;
  readonly queue: number;
}

/**
 * What one server's user may do there, as JSON in `/run/mcpd/policy.json`. It is replaced as a whole
 * while the bridge runs, and holds from the next request on. The host writes it from validated data.
 */
export interface BridgePolicy {
  readonly schema: 1;
  /** Names of the user's groups, for user context. */
  readonly groups: readonly string[];
  readonly tools: Exposure;
  readonly resources: Exposure;
  readonly prompts: Exposure;
  /** Requests to all servers of the user together; null: as many as come. */
  readonly userRate: Rate | null;
  /** Requests to this server. */
  readonly serverRate: Rate | null;
  /** Calls to all servers of the user together. */
  readonly userConcurrency: Concurrency | null;
  /** Calls to this server. */
  readonly serverConcurrency: Concurrency | null;
}

const everything: Exposure = { allow: null, deny: [], most: null };

/** Allows everything: what holds where nothing is said. */
export const openPolicy: BridgePolicy = {
  schema: 1,
  groups: [],
  tools: everything,
  resources: everything,
  prompts: everything,
  userRate: null,
  serverRate: null,
  userConcurrency: null,
  serverConcurrency: null,
};
