/** One command to kill, from one state to another. */
export interface Scenario {
  readonly name: string;
  /** Commands that make the state it starts from. */
  readonly given: readonly string[];
  readonly command: string;
  /** Its standard input. */
  readonly input?: string;
  /** Commands that lead back to the state it starts from. */
  readonly undo: readonly string[];
  /** What is done half may stay so until the same command is run again; `up` alone finishes all others. */
  readonly needsItself?: true;
  readonly config?: object;
  /** Every kill in a new home: what is made there once, is made in it. */
  readonly isFirst?: true;
}

const bob = 'user add bob --memory 64m';
const idle = 'user add bob --memory 64m --no-start';

/** Makes a group and eve, and gives bob another server and a secret. */
const tenants = {
  version: 1,
  groups: { students: { maxTools: 3 } },
  users: {
    bob: {
      group: 'students',
      policy: { memory: '80m' },
      servers: ['memory'],
      secrets: { KEY: { command: ['echo', 'value'] } },
    },
    eve: { policy: { memory: '64m' } },
  },
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'user add',
    given: [],
    command: `${bob} --secret KEY=@secret`,
    undo: ['user remove bob --purge --yes'],
    // The first token is shown by whoever makes it.
    needsItself: true,
    isFirst: true,
  },
  {
    name: 'secret set, the first',
    given: [idle],
    command: 'secret set bob KEY',
    undo: [],
    isFirst: true,
  },
  {
    name: 'user remove',
    given: [idle],
    command: 'user remove bob --yes',
    undo: [],
    // The uid of a workspace that stays behind is withheld.
    isFirst: true,
  },
  {
    name: 'user remove --purge',
    given: [bob],
    command: 'user remove bob --purge --yes',
    undo: ['user remove bob --purge --yes', bob],
  },
  {
    name: 'user update',
    given: [bob],
    command: 'user update bob --memory 80m --egress none --rate 60',
    undo: ['user update bob --memory 64m --unset egress --unset requestsPerMinute'],
  },
  {
    name: 'user rename',
    given: [bob],
    command: 'user rename bob robert',
    undo: ['user rename robert bob'],
  },
  // `restore` is the same from where a backup has been opened.
  {
    name: 'user copy',
    given: [`${bob} --secret KEY=@secret`],
    command: 'user copy bob alice --secrets',
    undo: ['user remove alice --purge --yes'],
    needsItself: true,
  },
  {
    name: 'server add',
    given: [bob],
    command: 'server add bob/memory',
    undo: ['server remove bob/memory --yes'],
  },
  {
    name: 'server remove',
    given: [bob, 'server add bob/memory'],
    command: 'server remove bob/memory --yes',
    undo: ['server remove bob/memory --yes', 'server add bob/memory'],
  },
  {
    name: 'secret set',
    given: [idle, 'secret set bob OTHER'],
    command: 'secret set bob KEY',
    undo: ['secret remove bob KEY --yes'],
  },
  {
    name: 'secret remove',
    given: [idle, 'secret set bob KEY'],
    command: 'secret remove bob KEY --yes',
    undo: ['secret set bob KEY'],
  },
  {
    name: 'token create',
    given: [idle],
    command: 'token create bob --name report',
    undo: ['token revoke bob report --yes'],
  },
  {
    name: 'token revoke',
    given: [idle, 'token create bob --name report'],
    command: 'token revoke bob report --yes',
    undo: ['token revoke bob report --yes', 'token create bob --name report'],
  },
  {
    name: 'token rotate',
    given: [idle, 'token create bob --name report'],
    command: 'token rotate bob report',
    undo: ['token revoke bob report --yes', 'token create bob --name report'],
  },
  {
    name: 'group create',
    given: [idle],
    command: 'group create students --memory 80m',
    undo: ['group remove students'],
  },
  {
    name: 'group remove',
    given: ['group create students --memory 80m'],
    command: 'group remove students',
    undo: ['group remove students', 'group create students --memory 80m'],
  },
  {
    name: 'group add',
    given: [idle, 'group create students --max-tools 3'],
    command: 'group add students bob',
    undo: ['group drop students bob'],
  },
  {
    name: 'group drop',
    given: [idle, 'group create students --max-tools 3', 'group add students bob'],
    command: 'group drop students bob',
    undo: ['group add students bob'],
  },
  {
    name: 'group update',
    given: [idle, 'group create students --max-tools 3', 'group add students bob'],
    command: 'group update students --max-tools 4',
    undo: ['group update students --max-tools 3'],
  },
  { name: 'stop', given: [bob], command: 'stop bob', undo: ['start bob'] },
  { name: 'start', given: [bob, 'stop bob'], command: 'start bob', undo: ['stop bob'] },
  { name: 'restart', given: [bob], command: 'restart bob', undo: [] },
  { name: 'down', given: [bob], command: 'down bob --yes', undo: ['up bob'] },
  { name: 'up', given: [bob, 'down bob --yes'], command: 'up bob', undo: ['down bob --yes'] },
  {
    name: 'config set',
    given: [idle, 'config set limits.pids 256'],
    command: 'config set limits.pids 128',
    undo: ['config set limits.pids 256', 'up'],
  },
  {
    name: 'user update --storage, given',
    given: [bob],
    command: 'user update bob --storage 32m',
    undo: ['user update bob --storage 0'],
  },
  {
    name: 'user update --storage, larger',
    given: [`${bob} --storage 32m`],
    command: 'user update bob --storage 48m',
    undo: ['user update bob --storage 32m'],
  },
  {
    name: 'user update --storage, taken',
    given: [`${bob} --storage 32m`],
    command: 'user update bob --storage 0',
    undo: ['user update bob --storage 32m'],
  },
  {
    name: 'user add --storage',
    given: [],
    command: `${bob} --storage 32m`,
    undo: ['user remove bob --purge --yes'],
    needsItself: true,
  },
  {
    name: 'user remove --storage',
    given: [`${idle} --storage 32m`],
    command: 'user remove bob --yes',
    undo: [],
    isFirst: true,
  },
  {
    name: 'apply',
    given: [bob],
    command: 'apply -f - --parallel 1',
    input: JSON.stringify(tenants),
    undo: [
      'user remove eve --purge --yes',
      'user update bob --no-group --memory 64m',
      'secret remove bob KEY --yes',
      'server add bob/filesystem',
      'server remove bob/memory --yes',
      'group remove students',
    ],
    needsItself: true,
  },
];
