import { createHash } from 'node:crypto';
import type { HostConfig } from '../config/schema.ts';
import { labels } from '../engine/labels.ts';
import type { Images } from '../engine/engine.ts';
import { packEntries } from './archive.ts';
import { extraCertificates, hostCertificates } from './certificates.ts';
import { findHostRuntime, runtimeFingerprint, type HostRuntime } from './host-runtime.ts';
import { onePerHost } from './once.ts';
import { rootfsEntries } from './rootfs.ts';

export interface BaseRequest {
  readonly images: Images;
  readonly config: HostConfig;
  readonly env: NodeJS.ProcessEnv;
  readonly notice: (line: string) => void;
  readonly signal?: AbortSignal;
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
export async function findBase({
  images,
  config,
  env,
}: Pick<BaseRequest, 'images' | 'config' | 'env'>): Promise<Base | undefined> {
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

/**
 * The base, made if need be: local, else pulled, else assembled from this host's own Node. Throws
 * EngineError when there is no way.
 */
export async function ensureBase(request: BaseRequest): Promise<Base> {
  const there = await findBase(request);
  if (there) return there;
  const { images, config, env, notice, signal } = request;
  const wait = {
    maxWaitMs: 10 * 60_000,
    onWait: () => notice('Another command makes the base image.'),
    ...(signal ? { signal } : {}),
  };
  return onePerHost(`base ${config.baseImage}`, wait, async () => {
    const made = await findBase(request);
    if (made) return made;
    if (await images.pull(config.baseImage, signal)) {
      const pulled = await findBase(request);
      if (pulled) return pulled;
    }
    const runtime = await findHostRuntime(env);
    notice(
      `${config.baseImage} can’t be pulled: assembling a base image from this host’s Node ${runtime.nodeVersion}.`,
    );
    return assemble(request, runtime);
  });
}

async function assemble({ images, config, env }: BaseRequest, runtime: HostRuntime): Promise<Base> {
  const reference = await assembledReference(runtime, config);
  const extra = await extraCertificates(config.extraCaCertificates);
  const entries = await rootfsEntries(runtime, await hostCertificates(env, extra));
  const id = await images.import(packEntries(entries), reference, [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV NODE_VERSION=${runtime.nodeVersion.slice(1)}`,
    `LABEL ${labels.image}=base`,
    'CMD ["node"]',
  ]);
  return { reference, id, identity: reference };
}

/** Raise it when the recipe of the assembled base changes. */
const recipe = 1;

// The host's own CA bundle is not in it: an update of it should not rebuild every image.
async function assembledReference(runtime: HostRuntime, config: HostConfig): Promise<string> {
  const parts = [
    recipe,
    await runtimeFingerprint(runtime),
    await extraCertificates(config.extraCaCertificates),
  ];
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `mcpd/base:${hash.slice(0, 12)}`;
}
