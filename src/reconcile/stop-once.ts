import type { Engine } from '../engine/engine.ts';
import { isUp, type Observed } from './observed.ts';
import type { Operation } from './plan.ts';

export interface Stopping {
  /** Stops what runs, at most once: containers see no mount that is made after their start. */
  stop(): Promise<void>;
  /** What it stopped. */
  readonly done: readonly Operation[];
}

/** Made before anybody knows whether they have to stop. */
export function stopOnce(engine: Engine, observed: Observed): Stopping {
  const done: Operation[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    for (const { user, server, containerId } of observed.servers.filter(isUp)) {
      const key = `${user}/${server}`;
      const cause = 'its workspace is mounted anew';
      const stop: Operation = { type: 'server.stop', key, containerId, cause };
      await engine.apply(stop);
      done.push(stop);
    }
  };
  return { done, stop: () => (stopping ??= stopAll()) };
}
