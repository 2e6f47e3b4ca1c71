/** What this host has and lacks of a container engine. */
export interface Facts {
  readonly answers: boolean;
  /** `DOCKER_HOST` or a docker context names an engine elsewhere. */
  readonly elsewhere: boolean;
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  readonly hasApt: boolean;
  readonly hasSystemd: boolean;
  /** Programs, of those that `packages` names, that are not on the PATH. */
  readonly missing: readonly Program[];
}

export type Program = 'dockerd' | 'iptables' | 'nft' | 'busybox';

export type EngineStep =
  /** Debian packages; an optional one that can't be had is only worth a line. */
  | { readonly type: 'install'; readonly packages: readonly string[]; readonly optional: boolean }
  | { readonly type: 'start'; readonly by: 'systemctl' | 'dockerd' };

export type Decision = { readonly steps: readonly EngineStep[] } | { readonly impossible: string };

/** What to do so that an engine answers; a running one is never touched. Pure. */
export function decide(facts: Facts): Decision {
  const mayInstall = facts.platform === 'linux' && facts.isRoot && facts.hasApt;
  const helpful = packagesOf(facts, ['nft', 'busybox']);
  const install = (packages: readonly string[], optional: boolean): EngineStep[] =>
    packages.length > 0 ? [{ type: 'install', packages, optional }] : [];
  if (facts.answers) return { steps: mayInstall ? install(helpful, true) : [] };
  if (facts.elsewhere) {
    return {
      impossible: 'The engine that DOCKER_HOST or the docker context names does not answer.',
    };
  }
  if (facts.platform !== 'linux') return { impossible: 'No engine answers: start Docker Desktop.' };
  if (!facts.isRoot) {
    return {
      impossible:
        'No engine answers: start Docker (sudo systemctl start docker), or run this as root.',
    };
  }
  const required = packagesOf(facts, ['dockerd', 'iptables']);
  if (required.length > 0 && !facts.hasApt) {
    return { impossible: `No engine answers: install ${required.join(' and ')}, and start it.` };
  }
  const start: EngineStep = { type: 'start', by: facts.hasSystemd ? 'systemctl' : 'dockerd' };
  return {
    steps: [...install(required, false), ...(mayInstall ? install(helpful, true) : []), start],
  };
}

const packages: Readonly<Record<Program, string>> = {
  dockerd: 'docker.io',
  iptables: 'iptables',
  nft: 'nftables',
  busybox: 'busybox-static',
};

function packagesOf({ missing }: Facts, wanted: readonly Program[]): string[] {
  return wanted.filter((program) => missing.includes(program)).map((program) => packages[program]);
}
