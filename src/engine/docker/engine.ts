import type Docker from 'dockerode';
import type { Operation } from '../../reconcile/plan.ts';
import type {
  Engine,
  EngineInfo,
  ExecOptions,
  Images,
  LogChunk,
  LogOptions,
  Sample,
} from '../engine.ts';
import { connect } from './client.ts';
import {
  createContainer,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
  updateContainer,
} from './containers.ts';
import { translate } from './errors.ts';
import { execInContainer } from './exec.ts';
import { DockerImages } from './images.ts';
import { engineInfo } from './info.ts';
import { containerLogs } from './logs.ts';
import { allSubnets, createNetwork, removeNetwork } from './networks.ts';
import { observe } from './observe.ts';
import { within, type Patience } from './patience.ts';
import { allProcessors } from './processors.ts';
import { containerStats } from './stats.ts';

export async function createDockerEngine(
  env: NodeJS.ProcessEnv,
  patience: Patience,
): Promise<Engine> {
  return new DockerEngine(await connect(env, patience.pingMs), patience);
}

class DockerEngine implements Engine {
  readonly images: Images;
  readonly #docker: Docker;
  readonly #answerMs: number;

  constructor(docker: Docker, { answerMs }: Patience) {
    this.#docker = docker;
    this.#answerMs = answerMs;
    this.images = new DockerImages(docker);
  }

  info(): Promise<EngineInfo> {
    return translate(within(this.#answerMs, () => engineInfo(this.#docker)));
  }

  processors(): Promise<string> {
    return translate(within(this.#answerMs, (until) => allProcessors(this.#docker, until)));
  }

  subnets(): Promise<readonly string[]> {
    return translate(within(this.#answerMs, (until) => allSubnets(this.#docker, until)));
  }

  observe(scope: { instance: string; userId?: string }) {
    return translate(observe(this.#docker, scope, this.#answerMs));
  }

  apply(operation: Operation): Promise<void> {
    return translate(this.#carryOut(operation));
  }

  logs(containerId: string, options: LogOptions): AsyncIterable<LogChunk> {
    return containerLogs(this.#docker, containerId, options);
  }

  stats(containerId: string, options?: { atOnce: boolean }): Promise<Sample | undefined> {
    return translate(
      within(this.#answerMs, (until) =>
        containerStats(this.#docker, containerId, { ...options, ...until }),
      ),
    );
  }

  exec(containerId: string, options: ExecOptions): Promise<number> {
    return translate(execInContainer(this.#docker, containerId, options));
  }

  async #carryOut(operation: Operation): Promise<void> {
    const docker = this.#docker;
    switch (operation.type) {
      case 'network.create':
        return createNetwork(docker, operation.network, operation.hash);
      case 'network.remove':
        return removeNetwork(docker, operation.id);
      case 'server.create':
        return createContainer(docker, operation.server, operation.hash);
      case 'server.replace':
        await removeContainer(docker, operation.containerId);
        return createContainer(docker, operation.server, operation.hash);
      case 'server.stage':
        return createContainer(
          docker,
          { ...operation.server, containerName: operation.staged },
          operation.hash,
        );
      case 'server.swap':
        await stopContainer(docker, operation.containerId);
        return startContainer(docker, operation.staged);
      case 'server.commit':
        await removeContainer(docker, operation.containerId);
        return renameContainer(docker, operation.staged, operation.name);
      case 'server.update':
        return updateContainer(docker, { ...operation, id: operation.containerId });
      case 'server.rename':
        return renameContainer(docker, operation.containerId, operation.name);
      case 'server.start':
        return startContainer(docker, operation.containerId);
      case 'server.stop':
        return stopContainer(docker, operation.containerId);
      case 'server.remove':
        return removeContainer(docker, operation.containerId);
    }
  }
}
