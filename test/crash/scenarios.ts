import { bothWays, type Scenario } from './scenario.ts';
import {
  backUp,
  changeTemplate,
  killedRun,
  loseHome,
  loseRuntime,
  ownTemplate,
  removeImages,
  rotateIssuer,
  trustIssuer,
} from './steps.ts';

const bob = 'user add bob --memory 64m';
const idle = 'user add bob --memory 64m --no-start';
const noBob = 'user remove bob --purge --yes';
const students = 'group create students --max-tools 3';
const report = 'token create bob --name report';

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

const users: readonly Scenario[] = [
  {
    name: 'user add',
    given: [],
    command: `${bob} --secret KEY=@{secret}`,
    undo: [noBob],
    // The first token is shown by whoever makes it.
    needsItself: true,
    isFirst: true,
  },
  {
    name: 'user add --storage',
    given: [],
    command: `${bob} --storage 32m`,
    undo: [noBob],
    needsItself: true,
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
    name: 'user remove --storage',
    given: [`${idle} --storage 32m`],
    command: 'user remove bob --yes',
    undo: [],
    isFirst: true,
  },
  { name: 'user remove --purge', given: [bob], command: noBob, undo: [bob] },
  {
    name: 'user update',
    given: [bob],
    command: 'user update bob --memory 80m --egress none --rate 60',
    undo: ['user update bob --memory 64m --unset egress --unset requestsPerMinute'],
  },
  ...bothWays({
    given: [bob],
    there: { name: 'user update --storage, given', command: 'user update bob --storage 32m' },
    back: { name: 'user update --storage, taken', command: 'user update bob --unset storage' },
  }),
  {
    name: 'user update --storage, larger',
    given: [`${bob} --storage 32m`],
    command: 'user update bob --storage 48m',
    undo: ['user update bob --storage 32m'],
  },
  {
    name: 'user rename',
    given: [bob],
    command: 'user rename bob robert',
    undo: ['user rename robert bob'],
  },
  {
    name: 'user copy',
    given: [`${bob} --secret KEY=@{secret}`],
    command: 'user copy bob alice --secrets',
    undo: ['user remove alice --purge --yes'],
    needsItself: true,
  },
  {
    name: 'user move',
    hasOther: true,
    // Tokens stay behind.
    given: [`${bob} --secret KEY=@{secret}`, 'token revoke bob default --yes'],
    command: 'user move bob --home {other} --yes',
    // The uid is free once the files of there are gone.
    undo: ['other: user move bob --home {home} --yes', 'gc', 'other: gc'],
    needsItself: true,
    // A user who is brought up here again is nobody to go on moving.
    mend: 'up --leave-down',
  },
  {
    name: 'run',
    given: [],
    command: 'run --name ci --server memory --memory 64m -- true',
    undo: [],
  },
];

const servers: readonly Scenario[] = [
  ...bothWays({
    given: [bob],
    there: { name: 'server add', command: 'server add bob/memory' },
    back: { name: 'server remove', command: 'server remove bob/memory --yes' },
  }),
  ...bothWays({
    given: [bob],
    there: { name: 'stop', command: 'stop bob' },
    back: { name: 'start', command: 'start bob' },
  }),
  { name: 'restart', given: [bob], command: 'restart bob', undo: [] },
  ...bothWays({
    given: [bob],
    there: { name: 'down', command: 'down bob --yes' },
    back: { name: 'up', command: 'up bob' },
  }),
  {
    name: 'upgrade',
    given: [
      ownTemplate,
      changeTemplate('older'),
      `${bob} --server {template}`,
      changeTemplate('newer'),
    ],
    command: 'upgrade bob',
    undo: [changeTemplate('older'), 'upgrade bob', changeTemplate('newer')],
  },
  {
    name: 'image build',
    given: [ownTemplate],
    command: 'image build {template}',
    undo: [removeImages],
  },
];

const values: readonly Scenario[] = [
  {
    name: 'secret set, the first',
    given: [idle],
    command: 'secret set bob KEY',
    undo: [],
    isFirst: true,
  },
  ...bothWays({
    given: [idle, 'secret set bob OTHER'],
    there: { name: 'secret set', command: 'secret set bob KEY' },
    back: { name: 'secret remove', command: 'secret remove bob KEY --yes' },
  }),
  ...bothWays({
    given: [idle],
    there: { name: 'token create', command: report },
    back: { name: 'token revoke', command: 'token revoke bob report --yes' },
  }),
  {
    name: 'token rotate',
    given: [idle, report],
    command: 'token rotate bob report',
    undo: ['token revoke bob report --yes', report],
  },
  ...bothWays({
    given: [idle],
    there: { name: 'group create', command: students },
    back: { name: 'group remove', command: 'group remove students' },
  }),
  ...bothWays({
    given: [idle, students],
    there: { name: 'group add', command: 'group add students bob' },
    back: { name: 'group drop', command: 'group drop students bob' },
  }),
  {
    name: 'group update',
    given: [idle, students, 'group add students bob'],
    command: 'group update students --max-tools 4',
    undo: ['group update students --max-tools 3'],
  },
  {
    name: 'config set',
    given: [idle, 'config set limits.pids 256'],
    command: 'config set limits.pids 128',
    undo: ['config set limits.pids 256', 'up'],
  },
  {
    name: 'oidc refresh',
    given: [idle, trustIssuer, 'up'],
    command: 'oidc refresh',
    undo: [rotateIssuer],
  },
];

const homes: readonly Scenario[] = [
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
  {
    name: 'backup',
    given: [idle, backUp],
    command: 'backup {files}/home.age --recipient {recipient} --force',
    undo: [],
  },
  {
    name: 'restore',
    given: [`${bob} --secret KEY=@{secret}`, backUp, noBob],
    command: 'restore {files}/home.age --identity {files}/key',
    undo: [noBob],
    needsItself: true,
  },
  {
    name: 'restore, into an empty home',
    given: [`${idle} --secret KEY=@{secret}`, students, backUp, noBob, loseHome],
    command: 'restore {files}/home.age --identity {files}/key',
    undo: [],
    needsItself: true,
    isFirst: true,
  },
  { name: 'gc', given: [killedRun], command: 'gc', undo: [killedRun] },
  { name: 'prepare', given: [idle, loseRuntime], command: 'prepare', undo: [loseRuntime] },
  ...bothWays({
    // The folders of units stay.
    given: [idle, 'service install --root {files}/root', 'service remove --root {files}/root'],
    there: {
      name: 'service install',
      command: 'service install --root {files}/root',
      needsItself: true,
    },
    back: {
      name: 'service remove',
      command: 'service remove --root {files}/root',
      needsItself: true,
    },
  }),
];

/** Of every command that changes something, but for those below. */
export const scenarios: readonly Scenario[] = [...users, ...servers, ...values, ...homes];

/** Commands that have none, and why. */
export const withoutScenario: ReadonlyMap<string, string> = new Map([
  ['connect', 'it makes a token as token create does, then replaces one file of a client'],
  ['doctor', 'what --fix removes is of the whole host, each in one step'],
  ['exec', 'it changes nothing of the home'],
  ['image prune', 'images are those of all homes of the engine'],
]);
