import type Docker from 'dockerode';
import type { EngineInfo } from '../engine.ts';

export async function engineInfo(docker: Docker): Promise<EngineInfo> {
  const [info, version] = await Promise.all([docker.info() as Promise<Info>, docker.version()]);
  const runc = version.Components?.find(({ Name }) => Name === 'runc')?.Version;
  const securityOptions = info.SecurityOptions ?? [];
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    runcVersion: runc,
    rootless: securityOptions.some((option) => option.includes('name=rootless')),
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    dataRoot: info.DockerRootDir,
    securityOptions,
    warnings: info.Warnings ?? [],
    systemTime: info.SystemTime,
    firewallBackend: info.FirewallBackend?.Driver,
  };
}

// dockerode gives `any` here. Shape of GET /info, API 1.41.
interface Info {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly SecurityOptions: string[] | null;
  readonly Warnings: string[] | null;
  readonly SystemTime: string;
  /** Since API 1.49. */
  readonly FirewallBackend?: { readonly Driver: string } | null;
}
