import { startChild, type Child, type ChildEvents, type ChildSurroundings } from './child.ts';
import { childEnvironment } from './child-environment.ts';
import type { BridgeConfig } from './config.ts';
import { httpEnvironment } from './http-front.ts';
import { createCleaner, type Log } from './log.ts';

interface StarterOptions extends Pick<ChildSurroundings, 'countOomKills' | 'log' | 'patience'> {
  readonly config: BridgeConfig;
  readonly secrets: ReadonlyMap<string, string>;
  readonly path: string | undefined;
  readonly printStderr: Log;
  /** A server's process ended, and nobody had asked for it. */
  readonly onUnaskedEnd: () => void;
}

/** How a bridge starts its servers; `label` names each in what it prints. */
export function childStarter(
  options: StarterOptions,
): (label: string, events: ChildEvents) => Child {
  const { config, secrets, path, countOomKills, log, onUnaskedEnd } = options;
  const { argv, cwd, identity, http } = config.server;
  const declared = { ...httpEnvironment(http), ...config.server.env };
  const env = childEnvironment({ declared, secrets, path });
  const stdout = http ? 'log' : 'messages';
  // The end of its stdin says nothing to a server that doesn't read it.
  const patience = http ? { ...options.patience, eofMs: 0 } : options.patience;
  const clean = createCleaner(secrets.values());
  return (label, { onLine, onEnd }) => {
    const events: ChildEvents = {
      onLine,
      onEnd: (ending) => {
        if (ending.cause.kind !== 'stopped') onUnaskedEnd();
        onEnd(ending);
      },
    };
    return startChild({ argv, cwd, env, identity, stdout }, events, {
      lineBytes: config.bounds.lineBytes,
      clean,
      printStderr: (line) => options.printStderr(`[${label}] ${line}`),
      log,
      countOomKills,
      patience,
    });
  };
}
