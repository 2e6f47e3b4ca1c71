import type { HostConfig } from '../config/schema.ts';
import type { Images } from '../engine/engine.ts';
import { labels } from '../engine/labels.ts';
import { EngineError } from '../errors.ts';
import type { Template } from '../templates/schema.ts';
import { packEntries } from './archive.ts';
import type { Base } from './base.ts';
import { extraCertificates, hostCertificates } from './certificates.ts';
import { buildContext, dockerfileName, type Assets, type BuildContext } from './context.ts';
import { ensureBase } from './ensure-base.ts';
import { onePerHost } from './once.ts';
import { imageTag } from './tag.ts';

export interface ImageRequest {
  readonly images: Images;
  readonly template: Template;
  readonly config: HostConfig;
  readonly assets: Assets;
  /** Proxies, npm registry and certificates of the build come from here. */
  readonly env: NodeJS.ProcessEnv;
  readonly notice: (line: string) => void;
  /** Gets the build's output. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The template's image, built when its tag is not there yet; by one command at a time per host.
 * Throws EngineError with the last lines of a failed build.
 */
export async function ensureImage(
  request: ImageRequest,
): Promise<{ tag: string; id: string; built: boolean }> {
  const { images, template, config, assets, onLine, signal } = request;
  // First, so that a broken template costs no base.
  const context = await buildContext(template, config, assets);
  const base = await ensureBase(request);
  const tag = await imageTag(template.name, context, base.identity);
  const existing = await images.id(tag);
  if (existing !== undefined) return { tag, id: existing, built: false };
  const wait = {
    maxWaitMs: 15 * 60_000,
    onWait: () => onLine?.('another command builds it'),
    ...(signal ? { signal } : {}),
  };
  return onePerHost(tag, wait, async () => {
    const made = await images.id(tag);
    if (made !== undefined) return { tag, id: made, built: false };
    const id = await build(request, { context, base, tag });
    return { tag, id, built: true };
  });
}

async function build(
  { images, template, config, env, onLine, signal }: ImageRequest,
  { context, base, tag }: { context: BuildContext; base: Base; tag: string },
): Promise<string> {
  const trusted = await hostCertificates(env, await extraCertificates(config.extraCaCertificates));
  const tar = packEntries([
    ...context.entries,
    { type: 'file', path: 'build.crt', content: trusted },
  ]);
  const lastLines: string[] = [];
  try {
    return await images.build(tar, {
      tag,
      dockerfile: dockerfileName,
      buildArgs: { ...context.buildArgs, ...networkArgs(env), BASE_IMAGE: base.reference },
      labels: { [labels.template]: template.name },
      onLine: (line) => {
        lastLines.push(line);
        if (lastLines.length > 20) lastLines.shift();
        onLine?.(line);
      },
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof EngineError) throw buildFailed(template, lastLines, error);
    throw error;
  } finally {
    tar.destroy();
  }
}

/** Proxy arguments are known to every Docker, and kept out of an image's history. */
function networkArgs(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [
    name,
    name.toLowerCase(),
  ]);
  const registry = URL.parse(env['npm_config_registry'] ?? '');
  const args = names.flatMap((name) => (env[name] ? [[name, env[name]] as const] : []));
  // Only a plain address: one with a password in it would stay in the builder's history.
  const plain = registry && registry.username === '' && registry.password === '';
  return Object.fromEntries(plain ? [...args, ['npm_config_registry', registry.href]] : args);
}

function buildFailed(
  template: Template,
  lines: readonly string[],
  cause: EngineError,
): EngineError {
  const output = lines.map((line) => `  ${line}`).join('\n');
  return new EngineError(
    `The image of ${template.name} could not be built: ${cause.message}\n${output}`,
    {
      code: 'IMAGE_BUILD_FAILED',
      suggestions: [
        'see that the npm registry can be reached from this host',
        'mcpd doctor, for the room on the engine’s disk; mcpd image prune makes some',
        'behind a proxy with its own certificate: mcpd config set extraCaCertificates /path/to/ca.pem',
      ],
      cause,
    },
  );
}
