import { lines } from '../support/lines.ts';

/** How a command that cannot be must fail; with 2 unless `exit` says otherwise. */
interface Expected {
  readonly code: string;
  readonly says: string | RegExp;
  readonly exit?: number;
}

type Row = readonly [command: string, expected: Expected];

const usage = (says: string | RegExp): Expected => ({ code: 'USAGE', says });
const noTemplate = (says: string): Expected => ({ code: 'TEMPLATE_NOT_FOUND', says, exit: 3 });
const invalid = (says: string): Expected => ({ code: 'SETTING_INVALID', says });
const noSetting: Expected = { code: 'SETTING_UNKNOWN', says: 'no setting' };

/** Commands that are wrong by themselves, whatever the home and the engine hold. */
export const impossible: readonly Row[] = [
  ['nope', usage('There is no command "nope"')],
  ['user nope', usage('There is no command "user nope"')],
  ['user add bob --memry 1g', usage('--memry')],
  ['user add bob --memory', usage('--memory')],
  ['user list extra', usage('extra')],
  ['user show bob alice', usage('alice')],
  ['down', usage('--all')],
  ['down bob --all --yes', usage('or say --all')],
  ['user update bob', usage('Nothing to change')],
  ['exec bob/filesystem', usage('no command to run')],
  ['run', usage('no command to run')],
  ['run --server memory --', usage('no command to run')],
  ['run npm test', usage('npm test')],
  ['run --name Bob -- true', usage('is not a name')],
  ['run --ttl never -- true', usage('is not a duration')],
  ['run --server nope -- true', noTemplate('no template "nope"')],
  ['completion powershell', usage('powershell')],
  ['connect bob --client nope', usage('--client')],
  ['connect bob --write', usage('--client')],
  ['logs bob --tail -1', usage('--tail: expected an integer')],
  ['logs bob --tail many', usage('--tail: expected an integer')],
  ['logs bob --since yesterdayish', usage('is not a time')],
  ['token create bob --scope root', usage('--scope')],
  ['apply', usage('Missing flag --file')],
  ['apply tenants.yaml', usage('tenants.yaml')],
  ['apply -f /nowhere/tenants.yaml', { code: 'FILE_UNREADABLE', says: 'there is no such file' }],
  ['apply -f /dev/null', { code: 'DOCUMENT_INVALID', says: 'version: is missing' }],

  ...each(usage('Missing'))`
    user add
    user show
    user update --memory 1g
    user remove --yes
    server add
    server show
    server remove --yes
    template show
    start
    stop
    restart
    logs
    connect
    completion
    secret set
    secret set bob
    secret list
    secret remove bob --yes
    token create
    token list
    token revoke bob --yes
    config get
    config set limits.memory
  `,

  ...each(usage('is not a name'))`
    user add ''
    user add Bob
    user add 1bob
    user add bob_x
    user add bob.x
    user add ../bob
    user add bob/x
    user add bobbobbobbobbobbobbobbobbobbobbo
    user add böb
    user show Bob
    user update Bob --memory 1g
    user remove Bob --yes
    token list Bob
    secret list Bob
    connect Bob
    plan Bob
    export Bob
    up Bob
    upgrade Bob
    down Bob --yes
  `,
  ...each(usage(/is not|is a user/))`
    server show bob
    server remove bob --yes
    exec bob -- ls
    server add bob
    server add bob/
    start Bob
    stop bob/
    restart bob/File
    logs bob/a/b
    status ../bob
    stats bob/..
  `,

  ...each(usage('is not a memory size'))`
    user add bob --memory 0
    user add bob --memory 5
    user add bob --memory 4m
    user add bob --memory 1x
    user add bob --memory lots
    user add bob --memory 1.5.g
    user add bob --memory 99999999t
    user add bob --memory=-1g
    user add bob --memory '512 mm'
    user update bob --memory 1k
  `,
  ...each(usage('--cpus'))`
    user add bob --cpus 0
    user add bob --cpus half
    user add bob --cpus 1e3
    user update bob --cpus 2000
    user update bob --cpus ''
  `,
  ...each(usage('--cpuset'))`
    user add bob --cpuset all
    user add bob --cpuset 3-1
    user add bob --cpuset 0-9999
    user update bob --cpuset ''
  `,
  ...each(usage('--pids'))`
    user add bob --pids 0
    user add bob --pids 15
    user add bob --pids 1.5
    user update bob --pids many
    user update bob --pids 1000001
  `,
  ...each(usage('is not a run id'))`
    user add bob --run-id ''
    user add bob --run-id a/b
    user list --run-id .x
    user remove --run-id 'a b' --yes
  `,
  ...each(usage('not both'))`
    user remove bob --run-id 42 --yes
  `,
  ...each(usage('is not a duration'))`
    user add bob --ttl 0s
    user add bob --ttl 5
    user add bob --timeout soon
    token create bob --ttl 1y
    start bob --timeout ''
    up --timeout=-5s
  `,
  ...each(usage('is not an egress profile'))`
    user add bob --egress private
    user add bob --egress allow
    user add bob --egress allow:
    user add bob --egress allow:a,,b
    user add bob --egress allow:http://x
    user add bob --egress allow:x:0
    user add bob --egress allow:x:65536
    user add bob --egress allow:10.0.0.0/33
    user add bob --egress allow:10.0.0.256/8
    user update bob --egress public:x
    user update bob --egress ''
  `,

  ['template show nope', noTemplate('no template "nope"')],
  ['template show ./nope', noTemplate('./nope')],
  ['user add bob --server nope', noTemplate('no template "nope"')],
  ['user add bob --server filesystem,nope', noTemplate('no template "nope"')],
  ['user add bob --server ./nope', noTemplate('./nope')],
  ["user add bob --server ''", noTemplate('no template')],
  ['server add bob/nope', noTemplate('no template "nope"')],
  ['schema user nope', { code: 'COMMAND_NOT_FOUND', says: 'no command "user nope"', exit: 3 }],

  ...each(noSetting)`
    config get nope
    config set nope 1
    config set limits 1
    config set __proto__.x 1
  `,
  ...each(invalid('limits.'))`
    config set limits.memory lots
    config set limits.memory 1m
    config set limits.cpus none
    config set limits.cpus 0
    config set limits.cpus ''
    config set limits.cpuset 3-1
    config set limits.cpuset all
    config set limits.pids 3
  `,
  ...each(invalid('ports.'))`
    config set ports.start 80
    config set ports.end 70000
    config set ports.end 20003
    config set ports.perUser 0
  `,
  ...each(invalid('subnets.'))`
    config set subnets.pool 10.0.0.0
    config set subnets.pool 10.0.0.0/40
    config set subnets.prefix 8
  `,
  ['config set uids.start 0', invalid('uids.start')],
  ['config set uids.end 199999', invalid('uids.end')],
  ['config set quarantineHours long', invalid('quarantineHours')],
  ['config set -- quarantineHours -1', invalid('quarantineHours')],
  ['config set egress everything', invalid('egress')],
  ['config set firewall perhaps', invalid('firewall')],
  ['config set bindAddress localhost', invalid('bindAddress')],
  ['config set workspaceRoots home', invalid('workspaceRoots')],
  ['config set extraCaCertificates [1]', invalid('extraCaCertificates')],
];

/** One row for each line. */
function each(expected: Expected) {
  return (text: TemplateStringsArray): Row[] => lines(text).map((line) => [line, expected]);
}
