import { systemClock } from '../clock.ts';
import { resolveHome } from '../config/home.ts';
import { readConfig } from '../config/store.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../engine/engine.ts';
import { openRegistry, type Registry } from '../registry/database.ts';
import { createProgress } from './progress.ts';
import type { Watched } from './record.ts';

export interface ContextOptions {
  /** `read`: a home without a registry stays without one. */
  readonly access: 'read' | 'write';
  readonly env: NodeJS.ProcessEnv;
  /** The package's root folder. */
  readonly assets: string;
  /** The command as typed, without flags. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly stderr: NodeJS.WriteStream;
  /** Called before the registry is first given out; what it throws is thrown to who asked. */
  readonly onRegistry: (world: Watched) => void;
}

export interface OpenContext extends Context {
  close(): void;
}

/**
 * Who only looks can do without the engine, and shouldn't wait long for one that hangs. Who changes something waits
 * for one that is only slow, such as with twenty commands at once on two processors.
 */
const patience = {
  read: { pingMs: 5_000, answerMs: 5_000 },
  write: { pingMs: 30_000, answerMs: 60_000 },
};

/** The composition root. The registry and the engine's client are opened when first asked for. */
export function openContext(options: ContextOptions): OpenContext {
  const { access, env, assets, command, signal, json, stderr, onRegistry } = options;
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const home = resolveHome(env, uid);
  const progress = createProgress({ json, stderr, env });
  let registry: Registry | undefined;
  let engine: Promise<Engine> | undefined;
  return {
    home,
    config: readConfig(home),
    clock: systemClock,
    uid,
    gid,
    assets,
    env,
    command,
    signal,
    progress,
    get registry() {
      if (registry) return registry;
      const opened = openRegistry(home, { create: access === 'write' });
      try {
        onRegistry({ registry: opened, clock: systemClock, uid, env, progress });
      } catch (error) {
        opened.close();
        throw error;
      }
      return (registry = opened);
    },
    engine() {
      engine ??= import('../engine/docker/engine.ts').then(({ createDockerEngine }) =>
        createDockerEngine(env, patience[access]),
      );
      // One that doesn't answer now may answer the next time it is asked for.
      engine.catch(() => (engine = undefined));
      return engine;
    },
    close: () => registry?.close(),
  };
}
