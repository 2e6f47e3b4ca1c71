import { lines } from '../support/lines.ts';
import { firstProcessor } from '../support/processors.ts';

/** How a command must fail. */
export interface Expected {
  readonly exit: number;
  readonly code: string;
  readonly says: string | RegExp;
  /** What one of the suggestions says; anything if left out. */
  readonly next?: string | RegExp;
  /** Standard input of the command. */
  readonly input?: string;
}

type Row = readonly [command: string, expected: Expected];

const noUser: Expected = { exit: 3, code: 'USER_NOT_FOUND', says: 'no user "bop"', next: 'bob' };
const noServer: Expected = {
  exit: 3,
  code: 'SERVER_NOT_FOUND',
  says: 'bob has no server "filesystems"',
  next: 'bob/filesystem',
};
const unanswered: Expected = { exit: 2, code: 'CONFIRMATION_NEEDED', says: /\?/, next: '--yes' };
const different = (says: string, next: string | RegExp): Expected => ({
  exit: 4,
  code: 'USER_EXISTS',
  says,
  next,
});
const noWorkspace = (code: string, says: string): Expected => ({
  exit: 8,
  code: `WORKSPACE_${code}`,
  says,
});
const system = noWorkspace('SYSTEM_FOLDER', 'system');
const taken = noWorkspace('TAKEN', "another user's");

/**
 * In a home with bob and his filesystem server and secret KEY; alice, not started, in {root}/alice; and
 * carol, who is down.
 */
export const refused: readonly Row[] = [
  ...each(noUser)`
    user show bop
    user update bop --memory 1g
    user remove bop --yes
    server add bop/memory
    server list bop
    server show bop/filesystem
    server remove bop/filesystem --yes
    start bop
    stop bop
    restart bop/filesystem
    status bop
    logs bop
    exec bop/filesystem -- true
    stats bop --no-stream
    secret set bop KEY
    secret list bop
    secret remove bop KEY --yes
    token create bop
    token list bop
    token revoke bop default --yes
    connect bop
    plan bob bop
    up bob bop
    upgrade bob bop
    down bob bop --yes
  `,
  ...each(noServer)`
    server show bob/filesystems
    server remove bob/filesystems --yes
    start bob/filesystems
    stop bob/filesystems
    restart bob/filesystems
    status bob/filesystems
    logs bob/filesystems
    exec bob/filesystems -- true
    stats bob/filesystems --no-stream
    connect bob --server filesystems
  `,
  [
    'server add bob/memroy',
    { exit: 3, code: 'TEMPLATE_NOT_FOUND', says: 'memroy', next: 'memory' },
  ],
  ['image build memroy', { exit: 3, code: 'TEMPLATE_NOT_FOUND', says: 'memroy', next: 'memory' }],
  [
    'secret remove bob KEYS --yes',
    { exit: 3, code: 'SECRET_NOT_FOUND', says: 'KEYS', next: 'KEY' },
  ],
  [
    'token revoke bob defualt --yes',
    { exit: 3, code: 'TOKEN_NOT_FOUND', says: 'defualt', next: 'mcpd token list bob' },
  ],

  ...each(unanswered)`
    user remove bob
    user remove bob --purge
    server remove bob/filesystem
    secret remove bob KEY
    token revoke bob default
    down bob
    down --all
  `,

  ['user add bob --memory 1g', different('memory', 'mcpd user update bob')],
  ['user add bob --cpus 0.5', different('cpus', 'mcpd user update bob')],
  [
    `user add bob --cpuset ${firstProcessor}`,
    different('cpuset', `mcpd user update bob --cpuset ${firstProcessor}`),
  ],
  ['user add bob --pids 99', different('pids', 'mcpd user update bob')],
  ['user add bob --egress none', different('egress', 'mcpd user update bob')],
  ['user add bob --server memory', different('memory', 'mcpd server add bob/memory')],
  ['user add bob --workspace {root}/bob', different('workspace', 'mcpd user remove bob')],
  ['user add bob --os-user daemon', different('OS user', 'mcpd user remove bob')],
  [
    'user add bob --secret KEY=@-',
    { ...different('KEY', 'mcpd secret set bob KEY'), input: 'other' },
  ],
  ['user add carol', { exit: 4, code: 'USER_DOWN', says: 'carol is down', next: 'mcpd up carol' }],
  ...each({ exit: 4, code: 'USER_DOWN', says: 'carol is down', next: 'mcpd up carol' })`
    start carol
    stop carol/filesystem
    restart carol
  `,
  [
    'exec carol/filesystem -- true',
    {
      exit: 4,
      code: 'NOT_RUNNING',
      says: 'carol/filesystem is not running',
      next: 'mcpd up carol',
    },
  ],

  ...each(system)`
    user add eve --workspace /
    user add eve --workspace /etc
    user add eve --workspace /etc/eve
    user add eve --workspace /var/run/docker.sock/x
    user add eve --workspace /run
    user add eve --workspace /root/eve
    user add eve --workspace {root}/../../etc
    user add eve --workspace {root}/out
    user add eve --workspace {root}/out/eve
  `,
  ...each(taken)`
    user add eve --workspace {root}/alice
    user add eve --workspace {root}/alice/
    user add eve --workspace {root}/alice/inner
    user add eve --workspace {root}/to-alice
    user add eve --workspace {root}/to-alice/inner
    user add eve --workspace {root}
  `,
  ...each(noWorkspace('IN_HOME', "mcpd's own"))`
    user add eve --workspace {home}
    user add eve --workspace {home}/users
    user add eve --workspace {home}/users/eve/workspace
  `,
  ['user add eve --workspace /opt/eve', noWorkspace('OUTSIDE_ROOTS', 'not inside')],
  ['user add eve --workspace {root}2/eve', noWorkspace('OUTSIDE_ROOTS', 'not inside')],
  ['user add eve --workspace {root}/open/eve', noWorkspace('PARENT_UNSAFE', 'writable by others')],
  ['user add eve --workspace {root}/theirs/eve', noWorkspace('PARENT_UNSAFE', '200000')],
  [
    'user add eve --workspace work',
    { exit: 2, code: 'WORKSPACE_NOT_ABSOLUTE', says: 'not an absolute path' },
  ],
  [
    "user add eve --workspace ''",
    { exit: 2, code: 'WORKSPACE_NOT_ABSOLUTE', says: 'not an absolute path' },
  ],
  [
    'user add eve --workspace {root}/broken',
    { exit: 2, code: 'WORKSPACE_BROKEN_LINK', says: 'leads to nowhere' },
  ],
  [
    'user add eve --workspace {root}/file',
    { exit: 2, code: 'WORKSPACE_NOT_A_FOLDER', says: 'file' },
  ],
  [
    'user add eve --workspace {root}/full',
    { exit: 4, code: 'WORKSPACE_NOT_OWNED', says: 'belongs to uid 0', next: 'chown' },
  ],

  [
    'user add eve --os-user nobody-here',
    { exit: 3, code: 'ACCOUNT_NOT_FOUND', says: 'nobody-here' },
  ],
  ['user add eve --os-user root', { exit: 8, code: 'ROOT_TENANT', says: 'root' }],
  [
    'user add eve --server {secretive}',
    { exit: 4, code: 'SECRET_MISSING', says: 'API_KEY', next: '--secret API_KEY=@' },
  ],
  [
    'server add bob/{secretive}',
    { exit: 4, code: 'SECRET_MISSING', says: 'API_KEY', next: 'mcpd secret set bob API_KEY' },
  ],
  ['user add eve --cpus 1000', { exit: 2, code: 'TOO_MANY_CPUS', says: 'processors' }],
  ['user update bob --cpus 1000', { exit: 2, code: 'TOO_MANY_CPUS', says: 'processors' }],
  ['user add eve --cpuset 0,1000', { exit: 2, code: 'NO_SUCH_CPU', says: '0,1000' }],
  ['user update bob --cpuset 1000', { exit: 2, code: 'NO_SUCH_CPU', says: '1000' }],
  ['group create g --cpuset 1000', { exit: 2, code: 'NO_SUCH_CPU', says: '1000' }],

  ...each({ exit: 2, code: 'SECRET_VALUE_INVALID', says: 'empty' })`
    secret set bob KEY
    secret set bob KEY --from /dev/null
    user add eve --secret KEY=@-
  `,
  [
    'secret set bob KEY',
    { exit: 2, code: 'SECRET_VALUE_INVALID', says: '64 KiB', input: 'x'.repeat(65_537) },
  ],
  [
    'secret set bob KEY',
    { exit: 2, code: 'SECRET_VALUE_INVALID', says: 'null byte', input: 'a\0b' },
  ],
  [
    'secret set bob KEY --from /nowhere/file',
    { exit: 2, code: 'FILE_UNREADABLE', says: 'no such file' },
  ],
];

/** One row for each line. */
function each(expected: Expected) {
  return (text: TemplateStringsArray): Row[] => lines(text).map((line) => [line, expected]);
}
