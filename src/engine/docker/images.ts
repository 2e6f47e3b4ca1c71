import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { EngineError } from '../../errors.ts';
import type { BuildOptions, Image, Images, ImportOptions } from '../engine.ts';
import { labels } from '../labels.ts';
import { hasStatus, translate } from './errors.ts';
import { followProgress, type ProgressEvent } from './streams.ts';

/** A registry that says nothing for this long is not there. */
const firstAnswerMs = 10_000;
/** A download that stands still for this long is given up. */
const stallMs = 60_000;

export class DockerImages implements Images {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async id(reference: string): Promise<string | undefined> {
    try {
      return (await this.#docker.getImage(reference).inspect()).Id;
    } catch (error) {
      if (hasStatus(error, 404)) return undefined;
      return translate(Promise.reject(error));
    }
  }

  async pull(reference: string, signal?: AbortSignal): Promise<boolean> {
    const stall = new AbortController();
    const abort = () => stall.abort();
    let timer = setTimeout(abort, firstAnswerMs);
    const moved = () => {
      clearTimeout(timer);
      timer = setTimeout(abort, stallMs);
    };
    const abortSignal = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
    try {
      const stream = await this.#docker.pull(reference, { abortSignal });
      await followProgress(stream as Readable, moved);
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      // 400: no reference at all. Anything else the engine says is about the registry.
      const aboutRegistry = hasStatus(error, 401, 403, 404, 500, 502, 503, 504);
      if (aboutRegistry || stall.signal.aborted || error instanceof EngineError) return false;
      return translate(Promise.reject(error));
    } finally {
      clearTimeout(timer);
    }
  }

  async import(tar: Readable, { reference, config, signal }: ImportOptions): Promise<string> {
    const query = {
      ...splitReference(reference),
      changes: [...config],
      ...(signal ? { abortSignal: signal } : {}),
    };
    const run = async () => {
      const stream = await this.#docker.importImage(tar, query);
      await followProgress(stream as Readable);
    };
    await unlessAborted(signal, run());
    return this.#require(reference);
  }

  async build(tar: Readable, options: BuildOptions): Promise<string> {
    const query: Docker.ImageBuildOptions = {
      t: options.tag,
      dockerfile: options.dockerfile,
      buildargs: { ...options.buildArgs },
      labels: { ...options.labels },
      rm: true,
      forcerm: true,
      ...(options.signal ? { abortSignal: options.signal } : {}),
    };
    let id: string | undefined;
    const output = lineSplitter(options.onLine);
    const onEvent = (event: ProgressEvent) => {
      id = event.aux?.ID ?? id;
      output.write(event.stream ?? '');
    };
    const run = async () => {
      const stream = await this.#docker.buildImage(tar, query);
      await followProgress(stream as Readable, onEvent);
    };
    try {
      await unlessAborted(options.signal, run());
    } finally {
      output.end();
    }
    return id ?? this.#require(options.tag);
  }

  async list(): Promise<readonly Image[]> {
    const filters = { label: [labels.image] };
    const [images, containers] = await translate(
      Promise.all([
        this.#docker.listImages({ filters }),
        this.#docker.listContainers({ all: true }),
      ]),
    );
    const used = Map.groupBy(containers, ({ ImageID }) => ImageID);
    return images.map((image) => ({
      id: image.Id,
      // Untagged images are listed as <none>:<none>.
      tags: (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
      template: image.Labels?.[labels.template] ?? '',
      bytes: image.Size,
      createdAt: image.Created * 1000,
      usedBy: used.get(image.Id)?.length ?? 0,
    }));
  }

  /** Removes our names of the image, and the image with the last one; a gone image is fine. */
  async remove(id: string): Promise<void> {
    const run = async () => {
      const { RepoTags, Config } = await this.#docker.getImage(id).inspect();
      if (Config.Labels?.[labels.image] === undefined) return;
      const names = RepoTags?.length ? RepoTags.filter((tag) => tag.startsWith('mcpd/')) : [id];
      for (const name of names) await this.#docker.getImage(name).remove();
    };
    try {
      await translate(run());
    } catch (error) {
      if ((await this.id(id)) !== undefined) throw error;
    }
  }

  async #require(reference: string): Promise<string> {
    const id = await this.id(reference);
    if (id !== undefined) return id;
    throw new EngineError(`The engine made ${reference}, but does not have it.`, {
      code: 'ENGINE_ERROR',
      suggestions: ['run the command again'],
    });
  }
}

/** What a call that ended since it was aborted fails with is not news. */
async function unlessAborted(signal: AbortSignal | undefined, call: Promise<void>): Promise<void> {
  try {
    await translate(call);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The tag's colon comes after the last slash; an earlier one is a registry's port. */
function splitReference(reference: string): { repo: string; tag: string } {
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon === -1) return { repo: reference, tag: 'latest' };
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}

// The engine cuts its output anywhere, not at line ends.
function lineSplitter(onLine: ((line: string) => void) | undefined) {
  let rest = '';
  const emit = (line: string) => {
    if (line.trim() !== '') onLine?.(line.trimEnd());
  };
  return {
    write(text: string) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      parts.forEach(emit);
    },
    end() {
      emit(rest);
      rest = '';
    },
  };
}
