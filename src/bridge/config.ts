/**
 * What the host tells the bridge, as JSON in `/run/mcpd/bridge.json`. The host writes it from
 * validated data, so the bridge trusts its shape.
 */
export interface BridgeConfig {
  readonly schema: 1;
  readonly listen: { readonly host: string; readonly port: number };
  readonly user: { readonly id: string; readonly name: string };
  readonly server: {
    /** Also the id of the token with which the host looks whether it is ready. */
    readonly id: string;
    /** `bob/filesystem` */
    readonly key: string;
    readonly argv: readonly string[];
    /** `shared`: one process for all sessions. */
    readonly sessions: 'isolated' | 'shared';
    /** Id of the image that it runs from. */
    readonly image: string;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    /** Names of files in `/run/mcpd/secrets`; each is exported to the child's environment. */
    readonly secrets: readonly string[];
    /** The tenant's uid and gid; null when the container itself already runs as them. */
    readonly identity: { readonly uid: number; readonly gid: number } | null;
    /** It wants to know whose requests it gets. */
    readonly userAware?: boolean;
    /** Where on the container's loopback it speaks Streamable HTTP; absent when it speaks stdio. */
    readonly http?: HttpTarget;
  };
  readonly auth: {
    readonly issuer: string;
    readonly audience: string;
    /** Ed25519 public key. Live token ids are in `tokens.json`. */
    readonly publicKey: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  };
  /** Canonical address that clients use, for RFC 9728 metadata: `http://127.0.0.1:20000/mcp`. */
  readonly url: string;
  /** Allowed `Host` header values, with port. */
  readonly hosts: readonly string[];
  /** Allowed `Origin` header values; a request without `Origin` passes. */
  readonly origins: readonly string[];
  /** The container's memory cap in bytes, for error messages. */
  readonly memoryBytes: number;
  readonly bounds: BridgeBounds;
  readonly audit: AuditBounds;
}

/** How much of the audit is kept. */
export interface AuditBounds {
  /** A file of this size, or of this age in ms, is followed by a new one. */
  readonly fileBytes: number;
  readonly fileMs: number;
  /** Older files beside the current one: so many, and so many bytes together. */
  readonly files: number;
  readonly totalBytes: number;
}

export interface HttpTarget {
  readonly port: number;
  /** `/mcp` */
  readonly path: string;
}

/** Limits of what one bridge accepts. Times in milliseconds, sizes in bytes. */
export interface BridgeBounds {
  readonly bodyBytes: number;
  readonly lineBytes: number;
  readonly sessions: number;
  /** Servers started ahead of their sessions: 0 or 1. */
  readonly spares: number;
  readonly pendingPerSession: number;
  readonly sessionIdleMs: number;
  readonly requestMs: number;
  /** How long a server may take to answer `initialize`; a process that hangs at its start ends then. */
  readonly initializeMs: number;
}

/** Where the bridge keeps records of its own in the container; the tenant can't read them. */
export const recordsMount = '/var/log/mcpd';

/** Where the host's run-time material is mounted in the container, read-only. */
export const runtimeMount = '/run/mcpd';

/** Where all of a user's bridges share a folder, which the tenant can neither read nor write. */
export const userMount = '/run/mcpd-user';
