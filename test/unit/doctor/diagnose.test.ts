import { describe, expect, test } from 'vitest';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { EngineFacts, Facts } from '../../../src/doctor/facts.ts';
import { EngineUnreachableError } from '../../../src/errors.ts';
import type { IssuerKeys } from '../../../src/oidc/keys.ts';
import type { Profile } from '../../../src/firewall/state.ts';
import type { ObservedServer } from '../../../src/reconcile/observed.ts';
import type { Server, User } from '../../../src/registry/rows.ts';

const now = Date.parse('2026-01-31T12:00:00Z');
const bridge = 'mcpd-0ac80010';

const bob: User = {
  id: 'u1',
  name: 'bob',
  uid: 200000,
  gid: 200000,
  osUser: null,
  ports: { start: 20000, end: 20009 },
  subnet: '10.200.0.16/28',
  workspace: '/home/x/workspace',
  workspaceManaged: true,
  limits: {},
  egress: { profile: 'public' },
  policy: {},
  group: null,
  down: false,
  createdAt: 0,
  expiresAt: null,
  madeUnder: null,
  runId: null,
};
const server: Server = {
  id: 's1',
  userId: 'u1',
  name: 'filesystem',
  template: 'filesystem',
  port: 20000,
  desired: 'running',
  settled: true,
  createdAt: 0,
};
const container: ObservedServer = {
  containerId: 'c123456789abcdef',
  containerName: 'mcpd-bob-filesystem',
  userId: 'u1',
  user: 'bob',
  serverId: 's1',
  server: 'filesystem',
  hash: '',
  image: '',
  state: 'running',
  exitCode: 0,
  oomKilled: false,
  restarts: 0,
  swaps: false,
  restart: 'unless-stopped',
  startedAt: '',
  limits: { memoryBytes: 1, cpus: 1, pids: 1, cpuset: null },
  onAllProcessors: true,
  networkIds: [],
};
const network = {
  id: 'n123456789abcdef',
  name: 'mcpd-bob',
  userId: 'u1',
  user: 'bob',
  hash: '',
  bridge,
};
const engine: EngineFacts = {
  info: {
    version: '29.0.0',
    apiVersion: '1.52',
    runcVersion: '1.3.3',
    rootless: false,
    cpus: 2,
    memoryBytes: 2 ** 33,
    dataRoot: '/var/lib/docker',
    securityOptions: ['name=seccomp,profile=default'],
    warnings: [],
    systemTime: '2026-01-31T12:00:00Z',
    firewallBackend: 'iptables',
  },
  processors: '0-1',
  rules: { status: 'kept' },
  observed: { servers: [container], networks: [network] },
  behind: [],
  clockSkewMs: 3,
};
const tenants = new Map<string, Profile>([[bridge, 'public']]);
const disk = { isMemory: false, freeBytes: 2 ** 36, totalBytes: 2 ** 38 };

/** A host with bob on it where all is well. */
const well: Facts = {
  now,
  uid: 0,
  config: hostConfigSchema.parse({}),
  users: [bob],
  servers: [server],
  engine,
  firewall: { status: 'enforced', tenants },
  devices: ['lo', 'eth0', bridge],
  routes: [
    { device: 'eth0', cidr: '192.0.2.0/24' },
    { device: bridge, cidr: '10.200.0.16/28' },
  ],
  runtime: { path: '/run/mcpd', fileSystem: { ...disk, isMemory: true } },
  staleFolders: [],
  issuerKeys: undefined,
  volumes: { images: [], mounted: [], unmountedDevices: [] },
  disks: [{ path: '/var/lib/mcpd', fileSystem: disk }],
};

function check(id: string, change: Partial<Facts>) {
  const found = diagnose({ ...well, ...change }).find((one) => one.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
}

function withInfo(info: Partial<EngineFacts['info']>): Partial<Facts> {
  return { engine: { ...engine, info: { ...engine.info, ...info } } };
}

test('a healthy host has nothing to note', () => {
  expect(diagnose(well).filter(({ status }) => status !== 'ok')).toEqual([]);
});

test('every finding says what it means and how to mend it', () => {
  const ill: Facts = {
    ...well,
    uid: 1000,
    ...withInfo({
      apiVersion: '1.40',
      runcVersion: '1.1.12',
      version: '20.10.1',
      warnings: ['No memory limit support'],
    }),
    runtime: { path: '/run/mcpd', fileSystem: disk },
    routes: [{ device: 'tun0', cidr: '10.200.0.0/16' }],
    disks: [{ path: '/', fileSystem: { ...disk, freeBytes: 1 } }],
    servers: [],
  };
  const findings = diagnose(ill).filter(({ status }) => status !== 'ok');
  expect(findings.length).toBeGreaterThan(7);
  for (const { meaning, mend } of findings) {
    expect(meaning).not.toBe('');
    expect(mend).not.toEqual([]);
  }
});

test('without an engine the host is still checked', () => {
  const error = new EngineUnreachableError('No container engine answers.', {
    code: 'ENGINE_UNREACHABLE',
    suggestions: ['systemctl start docker'],
  });
  const checks = diagnose({ ...well, engine: error });
  expect(checks[0]).toMatchObject({
    id: 'engine',
    status: 'fail',
    mend: ['systemctl start docker'],
  });
  expect(checks.map(({ id }) => id)).toContain('firewall');
});

describe('the engine’s own rules', () => {
  const withRules = (rules: EngineFacts['rules'], change: Partial<EngineFacts> = {}) => ({
    engine: { ...engine, rules, ...change },
  });
  const gone = { status: 'lost', tables: ['nat', 'filter'] } as const;

  test('that somebody flushed come back with a restart of the engine', () => {
    const { status, summary, mend } = check('engine-rules', withRules(gone));
    expect(status).toBe('fail');
    expect(summary).toContain('nat and filter');
    expect(mend[0]).toContain('systemctl restart docker');
  });

  test('are not missed where the engine makes none', () => {
    expect(check('engine-rules', withRules({ status: 'off' })).status).toBe('ok');
  });

  test('are not missed before there is a network', () => {
    const observed = { servers: [], networks: [] };
    const ids = (devices: string[]) =>
      diagnose({ ...well, ...withRules(gone, { observed }), devices }).map(({ id }) => id);
    expect(ids(['lo'])).not.toContain('engine-rules');
    expect(ids(['lo', 'docker0'])).toContain('engine-rules');
  });

  test('are not spoken of when they can’t be told', () => {
    const checks = diagnose({ ...well, ...withRules({ status: 'unknown' }) });
    expect(checks.map(({ id }) => id)).not.toContain('engine-rules');
  });
});

describe('runc', () => {
  test.each([
    ['1.2.8', 'ok'],
    ['1.3.3', 'ok'],
    ['1.4.1', 'ok'],
    ['1.2.7', 'fail'],
    ['1.3.2', 'fail'],
    ['1.1.15', 'fail'],
    ['1.1.5+ds1', 'warn'],
  ])('%s is %s', (runcVersion, status) => {
    expect(check('runc', withInfo({ runcVersion })).status).toBe(status);
  });

  test('one that is not named is worth a look', () => {
    expect(check('runc', withInfo({ runcVersion: undefined })).status).toBe('warn');
  });
});

describe('limits', () => {
  test('a cap that the kernel can’t keep fails', () => {
    const warnings = ['WARNING: No swap limit support'];
    expect(check('limits', withInfo({ warnings })).status).toBe('fail');
  });

  test('warns where only lists of processors would be', () => {
    const warnings = ['WARNING: No cpuset support'];
    expect(check('limits', withInfo({ warnings })).status).toBe('warn');
  });

  test('says whose processors the engine lacks', () => {
    const config = hostConfigSchema.parse({ maximum: { cpuset: '1-3' } });
    const anna = { ...bob, name: 'anna', policy: { cpuset: '1' } };
    const carl = { ...bob, name: 'carl', policy: { cpuset: '3' } };
    expect(check('processors', { config, users: [anna] }).status).toBe('ok');
    expect(check('processors', { config, users: [anna, bob, carl] })).toMatchObject({
      status: 'warn',
      summary: 'the engine has the processors 0-1, and lacks some of the cpuset of bob, carl',
      mend: ['mcpd user show bob --effective, for who says so'],
    });
  });

  test('an engine without seccomp fails', () => {
    expect(check('limits', withInfo({ securityOptions: [] })).status).toBe('fail');
  });
});

describe('firewall', () => {
  test('a network whose profile is not in force fails and names its user', () => {
    const found = check('firewall', { firewall: { status: 'enforced', tenants: new Map() } });
    expect(found).toMatchObject({ status: 'fail', mend: ['mcpd up bob'] });
  });

  test('a missing table is fine as long as nobody has a network', () => {
    const firewall = {
      status: 'missing',
      reason: 'there is no table',
      tenants: new Map(),
    } as const;
    expect(check('firewall', { firewall }).status).toBe('fail');
    expect(check('firewall', { firewall, devices: ['lo'] }).status).toBe('ok');
  });

  test('edited rules fail, and can be fixed', () => {
    const firewall = { status: 'stale', reason: 'somebody changed the rules', tenants } as const;
    expect(check('firewall', { firewall })).toMatchObject({
      status: 'fail',
      mend: ['mcpd doctor --fix'],
    });
  });

  test('switched off, it says what tenants may reach', () => {
    const config = hostConfigSchema.parse({ firewall: 'off' });
    expect(check('firewall', { config })).toMatchObject({ status: 'warn' });
  });

  test('an old engine’s loopback ports are covered by the rules', () => {
    const old = withInfo({ version: '20.10.24' });
    expect(check('loopback', old).status).toBe('ok');
    const firewall = { status: 'unavailable', reason: '', tenants: new Map() } as const;
    expect(check('loopback', { ...old, firewall }).status).toBe('warn');
  });
});

describe('subnets', () => {
  test('a route inside a user’s subnet takes its packets and fails', () => {
    const routes = [{ device: 'tun0', cidr: '10.200.0.16/28' }];
    expect(check('subnets', { routes })).toMatchObject({ status: 'fail' });
  });

  test('a wider route is partly hidden, which is worth a warning', () => {
    const routes = [{ device: 'tun0', cidr: '10.0.0.0/8' }];
    expect(check('subnets', { routes })).toMatchObject({ status: 'warn' });
  });

  test('a route elsewhere in the pool only narrows the choice', () => {
    const routes = [{ device: 'tun0', cidr: '10.201.0.0/16' }];
    expect(check('subnets', { routes }).summary).toContain('10.201.0.0/16 on tun0 lies in');
  });
});

test.each([
  [2_000, 'ok'],
  [-10_000, 'warn'],
  [90_000, 'fail'],
])('a clock %s ms off is %s', (clockSkewMs, status) => {
  expect(check('clock', { engine: { ...engine, clockSkewMs } }).status).toBe(status);
});

test('a run-time folder on a disk fails', () => {
  expect(check('runtime', { runtime: { path: '/run/mcpd', fileSystem: disk } }).status).toBe(
    'fail',
  );
});

test.each([
  [2 ** 30, 'warn'],
  [2 ** 20, 'fail'],
])('%s free bytes are %s', (freeBytes, status) => {
  const disks = [{ path: '/', fileSystem: { ...disk, freeBytes } }];
  expect(check('disk', { disks }).status).toBe(status);
});

describe('the trusted issuer', () => {
  const url = 'https://login.example';
  const trusting = (users: readonly string[] = ['*']) =>
    hostConfigSchema.parse({ oidc: { issuer: url, audience: 'a', users } });
  const fetched = (hoursAgo: number): IssuerKeys => {
    const at = now - hoursAgo * 3_600_000;
    return { issuer: url, fetchedAt: at, triedAt: at, keys: [{ kty: 'EC' }] };
  };

  test.each<[string, IssuerKeys | undefined, string]>([
    ['never fetched', undefined, 'fail'],
    ['whose fetch failed', { ...fetched(0), fetchedAt: 0, keys: [] }, 'fail'],
    ['that are 1 hour old', fetched(1), 'ok'],
    ['of half the time that they are good for', fetched(13), 'warn'],
    ['that are good no more', fetched(25), 'fail'],
  ])('keys %s: %j is %s', (_, issuerKeys, status) => {
    const found = check('issuer', { config: trusting(), issuerKeys });
    expect(found.status).toBe(status);
    const refresh = expect.stringContaining('mcpd oidc refresh') as string;
    expect(found.mend).toEqual(status === 'ok' ? [] : [refresh]);
    expect(found.summary).not.toMatch(/\b1 hours/);
  });

  test('who maps to nobody is worth a warning, and none at all is fine', () => {
    const config = trusting(['x=somebody-else']);
    expect(check('issuer', { config, issuerKeys: fetched(1) }).status).toBe('warn');
    expect(check('issuer', {}).status).toBe('ok');
  });
});

test.each([
  ['2g', 'ok'],
  ['300g', 'warn'],
])('a quota of %s on a disk of 256 GiB is %s', (storage, status) => {
  const config = hostConfigSchema.parse({ limits: { storage } });
  expect(check('quotas', { config })).toMatchObject({
    status,
    summary: expect.stringMatching(/ promised to 1 user\b/) as string,
  });
});

describe('leftovers', () => {
  test('labelled objects without a row fail, with the command that removes them', () => {
    const found = check('leftovers', { servers: [], users: [] });
    expect(found.status).toBe('fail');
    expect(found.mend).toContain('mcpd gc');
  });

  test('entries and folders may be another command’s work in progress', () => {
    const devices = ['lo'];
    const found = check('leftovers', { devices, staleFolders: ['/run/mcpd/i/s9'] });
    expect(found).toMatchObject({ status: 'warn', mend: ['mcpd doctor --fix'] });
    expect(found.summary).toContain(bridge);
    expect(found.summary).toContain('/run/mcpd/i/s9');
  });
});

describe('objects', () => {
  const nothing = { engine: { ...engine, observed: { servers: [], networks: [] } } };

  test('a server that should run without a container fails', () => {
    const found = check('objects', nothing);
    expect(found).toMatchObject({ status: 'fail', mend: ['mcpd up bob'] });
    expect(found.summary).toBe('no network of bob, no container of bob/filesystem');
  });

  test.each([
    ['a stopped server', { servers: [{ ...server, desired: 'stopped' as const }] }],
    ['a user who is down', { users: [{ ...bob, down: true }] }],
  ])('%s misses nothing', (_name, change) => {
    expect(check('objects', { ...nothing, ...change }).status).toBe('ok');
  });

  test('a user past their time is to be removed', () => {
    const users = [{ ...bob, expiresAt: now - 1 }];
    expect(check('objects', { users })).toMatchObject({ status: 'warn', mend: ['mcpd gc'] });
  });
});

describe('storage', () => {
  const images = ['/home/x/workspace.img'];

  test('a workspace whose file system is not mounted is a failure, unless its user is down', () => {
    const volumes = { images, mounted: [], unmountedDevices: [] };
    expect(check('storage', { volumes })).toMatchObject({ status: 'fail', mend: ['mcpd up bob'] });
    expect(check('storage', { volumes, users: [{ ...bob, down: true }] }).status).toBe('ok');
  });

  test('a mounted workspace is well', () => {
    const volumes = { images, mounted: ['/home/x/workspace'], unmountedDevices: [] };
    expect(check('storage', { volumes }).status).toBe('ok');
  });

  test('a mount of nobody and a device without a mount are noted, each with what ends it', () => {
    const volumes = { images: [], mounted: ['/home/y/staged'], unmountedDevices: ['/dev/loop3'] };
    expect(check('storage', { volumes })).toMatchObject({
      status: 'warn',
      summary: '/home/y/staged is mounted, /dev/loop3 holds an image',
      mend: ['mcpd doctor --fix', 'losetup -d /dev/loop3'],
    });
  });

  test('what a killed command left of a user is for the next command of that user', () => {
    const volumes = { images: [], mounted: ['/home/x/staged'], unmountedDevices: [] };
    expect(check('storage', { volumes }).mend).toEqual(['mcpd up bob']);
    expect(check('storage', { volumes, users: [{ ...bob, down: true }] }).mend).toEqual([
      'mcpd down bob',
    ]);
  });
});

describe('servers that a newer version is there for', () => {
  test('are noted, with the command that says more, and are no failure', () => {
    const behind = ['ann/memory', 'bob/memory', 'eve/memory', 'joe/memory', 'zoe/memory'];
    const { status, summary, mend } = check('versions', { engine: { ...engine, behind } });
    expect(status).toBe('warn');
    expect(summary).toBe(
      'there is a newer version for ann/memory, bob/memory, eve/memory and 2 more',
    );
    expect(mend[0]).toContain('mcpd upgrade --all --dry-run');
  });
});
