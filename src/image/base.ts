import { createHash } from 'node:crypto';
import type { HostConfig } from '../config/schema.ts';
import type { Images } from '../engine/engine.ts';
import { extraCertificates } from './certificates.ts';
import { findHostRuntime, runtimeFingerprint, type HostRuntime } from './host-runtime.ts';

/** Where to look for a base. */
export interface BaseSources {
  readonly images: Images;
  readonly config: HostConfig;
  readonly env: NodeJS.ProcessEnv;
}

export interface Base {
  /** What `FROM` names. */
  readonly reference: string;
  /** `sha256:…` */
  readonly id: string;
  /** What images made from it are tagged by; an assembled base keeps it when it is made again. */
  readonly identity: string;
}

/** The base that is there already: the configured image, or the one assembled from this host. */
export async function findBase({ images, config, env }: BaseSources): Promise<Base | undefined> {
  const [local, reference] = await Promise.all([
    images.id(config.baseImage),
    findHostRuntime(env).then(
      (runtime) => assembledReference(runtime, config),
      () => undefined,
    ),
  ]);
  if (local !== undefined) return { reference: config.baseImage, id: local, identity: local };
  if (reference === undefined) return undefined;
  const id = await images.id(reference);
  return id === undefined ? undefined : { reference, id, identity: reference };
}

/** Raise it when the recipe of the assembled base changes. */
const recipe = 1;

/**
 * Reference of the base that this host would assemble. The host's own CA bundle is not in it: an update
 * of it should not rebuild every image.
 */
export async function assembledReference(
  runtime: HostRuntime,
  config: HostConfig,
): Promise<string> {
  const parts = [
    recipe,
    await runtimeFingerprint(runtime),
    await extraCertificates(config.extraCaCertificates),
  ];
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `mcpd/base:${hash.slice(0, 12)}`;
}
