import type { FirewallState } from '../firewall/state.ts';
import type { EngineFacts } from './facts.ts';
import { ok, type Check } from './result.ts';
import { isAtLeast, parseVersion } from './version.ts';

const oldestApi = '1.41';

export function checkVersion({ info }: EngineFacts): Check {
  const summary = `engine ${info.version}, API ${info.apiVersion}`;
  if (isAtLeast(info.apiVersion, oldestApi)) return ok('engine', summary);
  return {
    id: 'engine',
    status: 'fail',
    summary,
    meaning: `mcpd needs API ${oldestApi}, which Docker Engine 20.10 and newer speak.`,
    mend: ['upgrade Docker Engine'],
  };
}

// First releases without CVE-2025-31133, -52565 and -52881, by release line.
const fixedRunc = ['1.2.8', '1.3.3', '1.4.0'];

/** Container escapes by mounts; a distribution's build may have the fix under an old number. */
export function checkRunc({ info: { runcVersion } }: EngineFacts): Check {
  const meaning =
    'runc before 1.2.8 and 1.3.3 lets a crafted image or mount escape its container (CVE-2025-31133, -52565, -52881).';
  if (runcVersion === undefined) {
    const summary = 'the engine does not name its runc version';
    return { id: 'runc', status: 'warn', summary, meaning, mend: ['runc --version'] };
  }
  const summary = `runc ${runcVersion}`;
  const [major = 0, minor = 0] = parseVersion(runcVersion);
  const fixed = fixedRunc.find((version) => {
    const line = parseVersion(version);
    return line[0] === major && line[1] === minor;
  });
  const isNewer = isAtLeast(runcVersion, fixedRunc.at(-1) ?? '');
  if (isNewer || (fixed && isAtLeast(runcVersion, fixed))) return ok('runc', summary);
  if (/[+~]|deb|ubuntu|el\d|fc\d/.test(runcVersion)) {
    return {
      id: 'runc',
      status: 'warn',
      summary: `${summary}, a distribution's build`,
      meaning: `${meaning} Whether this build has the fixes its number does not tell.`,
      mend: [
        'apply the security updates of the distribution',
        'read its tracker on CVE-2025-31133',
      ],
    };
  }
  return {
    id: 'runc',
    status: 'fail',
    summary,
    meaning,
    mend: ['upgrade runc, which comes with containerd.io, to 1.2.8, 1.3.3 or newer'],
  };
}

/** The engine accepts caps that its kernel can't keep and only warns. */
export function checkLimits({ info }: EngineFacts): Check {
  const lost = info.warnings.filter((line) => /memory limit|swap limit|pids|cpu cfs/i.test(line));
  const seccomp = info.securityOptions.some((option) => option.startsWith('name=seccomp'));
  if (!seccomp) {
    return {
      id: 'limits',
      status: 'fail',
      summary: 'the engine runs without seccomp',
      meaning: 'Tenants may make every system call of the kernel.',
      mend: ['use a kernel with CONFIG_SECCOMP_FILTER and an engine built for it'],
    };
  }
  if (lost.length > 0) {
    return {
      id: 'limits',
      status: 'fail',
      summary: lost.join('; '),
      meaning: 'Caps would be ignored, so mcpd refuses to start servers.',
      mend: [
        'enable the memory and pids cgroup controllers (kernel options cgroup_enable, swapaccount)',
      ],
    };
  }
  const cpuset = info.warnings.find((line) => /cpuset/i.test(line));
  if (cpuset === undefined) {
    return ok('limits', 'memory, CPU and process caps are kept; seccomp is on');
  }
  return {
    id: 'limits',
    status: 'warn',
    summary: cpuset,
    meaning: 'Servers of users with a cpuset are refused; all other caps are kept.',
    mend: ['enable the cpuset cgroup controller of this kernel'],
  };
}

// Since then ports published on 127.0.0.1 can't be reached from the local network by a crafted packet.
const safeLoopback = '28.3.3';

export function checkLoopback({ info }: EngineFacts, firewall: FirewallState): Check {
  const id = 'loopback';
  if (isAtLeast(info.version, safeLoopback)) return ok(id, 'ports on 127.0.0.1 stay on this host');
  if (firewall.status === 'enforced') {
    return ok(id, 'ports on 127.0.0.1 stay on this host, by the rules of mcpd');
  }
  return {
    id,
    status: 'warn',
    summary: `engine ${info.version} without the rules of mcpd`,
    meaning:
      'Engines before 28.3.3 let a machine on the same local network reach ports published on 127.0.0.1. Requests still need a token.',
    mend: [`upgrade Docker Engine to ${safeLoopback} or newer`],
  };
}

const noticeableMs = 5_000;
const brokenMs = 60_000;

export function checkClock({ clockSkewMs }: EngineFacts): Check {
  const seconds = Math.abs(clockSkewMs) / 1000;
  if (Math.abs(clockSkewMs) < noticeableMs) return ok('clock', 'the engine has the same time');
  return {
    id: 'clock',
    status: Math.abs(clockSkewMs) < brokenMs ? 'warn' : 'fail',
    summary: `the engine's clock is ${seconds.toFixed(0)} s ${clockSkewMs > 0 ? 'ahead' : 'behind'}`,
    meaning: 'Servers judge the lifetime of tokens by that clock: fresh ones may be refused.',
    mend: ['synchronise both clocks: timedatectl set-ntp true'],
  };
}
