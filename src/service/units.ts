import { commandLine, quote, unitFile } from './unit-file.ts';

export interface UnitInput {
  /** Whose manager runs them: the machine's, or one account's. */
  readonly manager: 'system' | 'user';
  /** What all names begin with. */
  readonly prefix: string;
  /** The home that they are for. */
  readonly home: string;
  /** What starts mcpd: Node and the launcher, both absolute. */
  readonly program: readonly string[];
  /** Variables without which it would use another home, key or engine. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Unit {
  readonly name: string;
  readonly text: string;
  /** Started by what it is for, so that it is to be enabled; others are started by their timer. */
  readonly isEnabled: boolean;
  /** Active from then on; others have done what they are for, and end. */
  readonly stays: boolean;
}

/** Everything that systemd is told of one home. Pure. */
export function renderUnits(input: UnitInput): readonly Unit[] {
  const { prefix } = input;
  return [
    unit(input, `${prefix}-prepare.service`, prepareUnit(input)),
    unit(input, `${prefix}.service`, upUnit(input)),
    unit(input, `${prefix}-firewall.service`, firewallUnit(input)),
    unit(input, `${prefix}-gc.service`, runUnit(input, 'remove what is over', ['gc'])),
    unit(input, `${prefix}-gc.timer`, timerUnit('remove what is over', '5min', withEngine)),
    unit(input, `${prefix}-oidc.service`, runUnit(input, 'fetch issuer keys', ['oidc', 'refresh'])),
    unit(input, `${prefix}-oidc.timer`, timerUnit('fetch issuer keys', '1h')),
  ];
}

/** The first line of every unit of a home; a file without it is somebody else's. */
export function headingOf(home: string): string {
  return `Written by \`mcpd service install\` for the home ${home}.`;
}

type Sections = Parameters<typeof unitFile>[1];

function unit({ home, manager }: UnitInput, name: string, sections: Sections): Unit {
  const edit = manager === 'user' ? 'systemctl --user edit' : 'systemctl edit';
  const heading = [headingOf(home), `Changes belong beside it: ${edit} ${name}`];
  const text = unitFile(heading, sections);
  const isEnabled = 'Install' in sections;
  const remains = sections['Service']?.some(([key]) => key === 'RemainAfterExit') ?? true;
  return { name, text, isEnabled, stays: isEnabled && remains };
}

// Debian's service flushes all rules when it starts, those of others too: ours come after.
const firewall = 'nftables.service';

/** Stops and starts with the engine, so that one that begins anew finds everything in place. */
function prepareUnit(input: UnitInput): Sections {
  return {
    Unit: [
      ['Description', describe(input, 'put in place what containers need')],
      ['RequiresMountsFor', quote(input.home)],
      ['After', firewall],
      ['Before', 'docker.service'],
      ['PartOf', 'docker.service'],
    ],
    Service: [...oneshot(input, ['prepare']), ['RemainAfterExit', 'yes']],
    Install: [['WantedBy', `${defaultTarget(input)} docker.service`]],
  };
}

// Nobody asked for those who are down.
const up = ['up', '--leave-down'];

/** Runs again after the engine was started anew, and after somebody's firewall was loaded again. */
function upUnit(input: UnitInput): Sections {
  const { prefix, program } = input;
  return {
    Unit: [
      ['Description', describe(input, 'bring all users up')],
      ['RequiresMountsFor', quote(input.home)],
      ['Wants', ['docker.service', ...online(input), `${prefix}-prepare.service`].join(' ')],
      [
        'After',
        ['docker.service', ...online(input), `${prefix}-prepare.service`, firewall].join(' '),
      ],
      ['PartOf', 'docker.service'],
      ['ReloadPropagatedFrom', firewall],
    ],
    Service: [
      ...oneshot(input, up),
      ['ExecReload', commandLine([...program, ...up])],
      ['RemainAfterExit', 'yes'],
      // Only an engine that doesn't answer yet is worth waiting for: what else it tells, an error of its own
      // and want of memory would be the same again.
      ['Restart', 'on-failure'],
      ['RestartPreventExitStatus', '1 2 3 4 6 7 8 130 SIGABRT SIGKILL SIGSEGV'],
      ['RestartSec', '15s'],
    ],
    Install: [['WantedBy', `${defaultTarget(input)} docker.service`]],
  };
}

/**
 * Runs after each start of somebody's firewall. Not a part of it, which would stop what the firewall conflicts
 * with: firewalld, which stops nftables as it starts, could not be restarted.
 */
function firewallUnit(input: UnitInput): Sections {
  return {
    Unit: [
      ['Description', describe(input, 'put rules back that a firewall flushed')],
      ['RequiresMountsFor', quote(input.home)],
      ['After', `${firewall} docker.service ${input.prefix}.service`],
      // Rules would be missing after a start that is refused.
      ['StartLimitIntervalSec', '0'],
    ],
    Service: oneshot(input, up),
    Install: [['WantedBy', firewall]],
  };
}

function runUnit(input: UnitInput, what: string, command: readonly string[]): Sections {
  return {
    Unit: [
      ['Description', describe(input, what)],
      ['RequiresMountsFor', quote(input.home)],
      ['After', `${input.prefix}.service`],
    ],
    Service: oneshot(input, command),
  };
}

/** Docker's socket would start again an engine that somebody stopped, if a timer went on asking it. */
const withEngine = { follows: 'docker.service' };

function timerUnit(what: string, every: string, { follows }: { follows?: string } = {}): Sections {
  return {
    Unit: [
      ['Description', `mcpd: ${what}, every ${every}`],
      ...(follows ? [['PartOf', follows] as const] : []),
    ],
    Timer: [
      ['OnActiveSec', every],
      ['OnUnitInactiveSec', every],
      ['RandomizedDelaySec', '30s'],
    ],
    Install: [['WantedBy', ['timers.target', ...(follows ? [follows] : [])].join(' ')]],
  };
}

function describe({ home }: UnitInput, what: string): string {
  return `mcpd: ${what} (${home})`.replaceAll('%', '%%');
}

/** An account's manager knows nothing of the network. */
function online({ manager }: UnitInput): string[] {
  return manager === 'system' ? ['network-online.target'] : [];
}

function defaultTarget({ manager }: UnitInput): string {
  return manager === 'system' ? 'multi-user.target' : 'default.target';
}

function oneshot(input: UnitInput, command: readonly string[]): [string, string][] {
  const env = Object.entries(input.env).map(([name, value]): [string, string] => [
    'Environment',
    quote(`${name}=${value}`),
  ]);
  return [
    ['Type', 'oneshot'],
    ['ExecStart', commandLine([...input.program, ...command])],
    ...env,
    ['TimeoutStartSec', '30min'],
    ...(input.manager === 'system' ? hardening : []),
  ];
}

/**
 * Nothing here that gives a unit mounts or devices of its own (ProtectSystem, PrivateTmp and the like):
 * file systems of workspaces are mounted for the whole host.
 */
const hardening: [string, string][] = [
  ['NoNewPrivileges', 'yes'],
  [
    'CapabilityBoundingSet',
    'CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_MKNOD CAP_NET_ADMIN ' +
      'CAP_SETFCAP CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_SYS_RESOURCE',
  ],
  ['KeyringMode', 'private'],
  ['LockPersonality', 'yes'],
  ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
  ['RestrictNamespaces', 'yes'],
  ['RestrictRealtime', 'yes'],
  ['SystemCallArchitectures', 'native'],
];
