import type Docker from 'dockerode';
import { hostProcessors } from '../../host/processors.ts';
import { cpusetOfAll } from '../../policy/cpuset.ts';

/**
 * All processors that containers of an engine can be given, as `cpusetText` parses them. An engine on another host
 * only tells how many it has, which are taken for those from 0 on.
 */
export async function allProcessors(docker: Docker, options: object = {}): Promise<string> {
  const { socketPath } = docker.modem as { readonly socketPath?: string };
  const here = socketPath === undefined ? undefined : await hostProcessors();
  return here ?? cpusetOfAll((await ask(docker, options)).NCPU);
}

// The published types know of no options, and give `any`.
function ask(docker: Docker, options: object): Promise<{ readonly NCPU: number }> {
  return (docker as unknown as { info(options: object): Promise<{ NCPU: number }> }).info(options);
}
