import { EngineError } from '../errors.ts';
import { labels } from '../engine/labels.ts';
import { packEntries } from './archive.ts';
import { assembledReference, findBase, type Base, type BaseSources } from './base.ts';
import { extraCertificates, hostCertificates } from './certificates.ts';
import { findHostRuntime, type HostRuntime } from './host-runtime.ts';
import { onePerHost } from './once.ts';
import { rootfsEntries } from './rootfs.ts';

export interface BaseRequest extends BaseSources {
  readonly notice: (line: string) => void;
  readonly signal?: AbortSignal;
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

async function assemble(
  { images, config, env, signal }: BaseRequest,
  runtime: HostRuntime,
): Promise<Base> {
  const reference = await assembledReference(runtime, config);
  const extra = await extraCertificates(config.extraCaCertificates);
  const entries = await rootfsEntries(runtime, await hostCertificates(env, extra));
  const settings = [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    `ENV NODE_VERSION=${runtime.nodeVersion.slice(1)}`,
    `LABEL ${labels.image}=base`,
    'CMD ["node"]',
  ];
  const id = await images
    .import(packEntries(entries), { reference, config: settings, signal })
    .catch(importFailed);
  return { reference, id, identity: reference };
}

function importFailed(error: unknown): never {
  if (!(error instanceof EngineError)) throw error;
  throw new EngineError(
    `The engine doesn’t take the base image that was assembled: ${error.message}`,
    {
      code: 'BASE_IMAGE',
      suggestions: [
        'mcpd doctor, for the room on the engine’s disk; mcpd image prune makes some',
        'docker load a Node image, then mcpd config set baseImage NAME',
      ],
      cause: error,
    },
  );
}
