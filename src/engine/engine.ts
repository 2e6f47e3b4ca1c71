import type { Readable, Writable } from 'node:stream';
import type { Limits } from '../policy/limits.ts';
import type { Operation } from '../reconcile/plan.ts';
import type { Observed } from '../reconcile/observed.ts';

/** What runs containers: a Docker Engine, later a Swarm. Server-level, so that both fit. */
export interface Engine {
  /** Answers, or throws EngineUnreachableError. */
  info(): Promise<EngineInfo>;
  /** All processors that containers can be given, as `cpusetText` parses them. */
  processors(): Promise<string>;
  /** Subnets of every network on the engine, ours or not, as IPv4 CIDR. */
  subnets(): Promise<readonly string[]>;
  /** One listing call per kind of object; only objects with our instance label. */
  observe(scope: { instance: string; userId?: string }): Promise<Observed>;
  /** Carries out one operation; decides nothing. Throws PortTakenError, SubnetTakenError, LimitLostError. */
  apply(operation: Operation): Promise<void>;
  /**
   * Chunks in the order the container wrote them, until its log ends or `signal` aborts. Never holds the whole
   * log.
   */
  logs(containerId: string, options: LogOptions): AsyncIterable<LogChunk>;
  /**
   * One sample, taken over about a second, or at once and without `cpuPercent`; undefined when the container
   * is not running.
   */
  stats(containerId: string, options?: { atOnce: boolean }): Promise<Sample | undefined>;
  exec(containerId: string, options: ExecOptions): Promise<number>;
  readonly images: Images;
}

export interface EngineInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly runcVersion: string | undefined;
  readonly rootless: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly dataRoot: string;
  readonly securityOptions: readonly string[];
  readonly warnings: readonly string[];
  /** The daemon's own time, for the clock check. */
  readonly systemTime: string;
  /** `iptables`, `nftables+firewalld`, …; undefined: an older engine, which knows iptables only. */
  readonly firewallBackend: string | undefined;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Any slice of the output: not aligned to lines. */
  readonly data: Buffer;
  /** The last slice of one message: of a line, or of a piece of 16 KiB of a longer one. */
  readonly ends: boolean;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Last lines to begin with; undefined: all. */
  readonly tail?: number;
  /** Unix seconds. */
  readonly since?: number;
  /** Prefix each line with the engine's RFC 3339 time. */
  readonly timestamps: boolean;
  readonly signal?: AbortSignal;
}

export interface Sample {
  /** Percent of one CPU. */
  readonly cpuPercent: number;
  /** Since the container was started. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly memoryCapBytes: number;
  readonly pids: number;
  readonly pidsCap: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface ExecOptions {
  readonly argv: readonly string[];
  /** `uid:gid` */
  readonly user: string;
  readonly cwd: string;
  readonly tty: boolean;
  readonly stdin: Readable | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** The engine's image store. Images are content-addressed and shared by all instances of a host. */
export interface Images {
  /** Image id (`sha256:…`), or undefined when it is not there. */
  id(reference: string): Promise<string | undefined>;
  /** Pulls; false when no registry has it or can be reached. */
  pull(reference: string, signal?: AbortSignal): Promise<boolean>;
  /** Imports a root file system from a tar stream under a reference; gives the image id. */
  import(tar: Readable, options: ImportOptions): Promise<string>;
  /** Builds from a tar stream; `onLine` gets the build's output. Rejects on an error inside the stream. */
  build(tar: Readable, options: BuildOptions): Promise<string>;
  list(): Promise<readonly Image[]>;
  remove(id: string): Promise<void>;
}

export interface ImportOptions {
  readonly reference: string;
  /** Lines of a Dockerfile: `CMD ["node"]`. */
  readonly config: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface BuildOptions {
  readonly tag: string;
  readonly dockerfile: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface Image {
  readonly id: string;
  readonly tags: readonly string[];
  readonly template: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Containers, of any instance, that use it. */
  readonly usedBy: number;
}

/** What the engine says about limits that it did not keep. */
export interface LostLimit {
  readonly limit: keyof Limits;
  readonly asked: Limits[keyof Limits];
  readonly got: Limits[keyof Limits];
}
