import type { Clock } from './clock.ts';
import type { Home } from './config/home.ts';
import type { HostConfig } from './config/schema.ts';
import type { Engine } from './engine/engine.ts';
import type { Progress } from './progress.ts';
import type { Registry } from './registry/database.ts';

/** The world a feature runs in. Made once, by `cli/context.ts`; parts that cost are loaded when first asked for. */
export interface Context {
  readonly home: Home;
  readonly config: HostConfig;
  readonly clock: Clock;
  /** Who runs mcpd. Tenants share this uid when it isn't 0. */
  readonly uid: number;
  readonly gid: number;
  readonly registry: Registry;
  readonly progress: Progress;
  /** Package root: Dockerfile.mcp, templates/, dist/bridge.cjs. */
  readonly assets: string;
  readonly env: NodeJS.ProcessEnv;
  engine(): Promise<Engine>;
  /** The whole command, for leases and messages: `mcpd user add bob`. */
  readonly command: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The same for putting things in order, which goes on after Ctrl-C. */
export function undisturbed(context: Context): Context {
  return { ...context, signal: AbortSignal.any([]) };
}
