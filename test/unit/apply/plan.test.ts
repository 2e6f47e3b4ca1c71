import { describe, expect, it } from 'vitest';
import type { Current, CurrentServer, CurrentUser } from '../../../src/apply/current.ts';
import { formatOperations } from '../../../src/apply/operation.ts';
import { operationsOf, planDocument } from '../../../src/apply/plan.ts';
import type { SecretState } from '../../../src/apply/references.ts';
import type { Wanted, WantedUser } from '../../../src/apply/resolve.ts';

const mebibyte = 2 ** 20;

const running: CurrentServer = {
  reference: 'memory',
  approval: undefined,
  startedWith: new Map(),
};
const there: CurrentUser = {
  id: 'u1',
  group: null,
  own: {},
  osUser: null,
  workspace: '/srv/bob',
  workspaceManaged: false,
  servers: new Map([['memory', running]]),
  secrets: new Map(),
  isPassing: false,
};

const listed: WantedUser = {
  group: null,
  own: {},
  osUser: undefined,
  workspace: undefined,
  servers: new Map([['memory', { reference: 'memory', approval: undefined, secrets: [] }]]),
  secrets: new Map(),
};

type Users<User> = Readonly<Record<string, User>>;

function current(
  users: Users<Partial<CurrentUser>>,
  groups: Current['groups'] = new Map(),
): Current {
  const entries = Object.entries(users);
  return { groups, users: new Map(entries.map(([name, user]) => [name, { ...there, ...user }])) };
}

function wanted(users: Users<Partial<WantedUser>>, groups: Wanted['groups'] = new Map()): Wanted {
  const entries = Object.entries(users);
  const all = new Map(entries.map(([name, user]) => [name, { ...listed, ...user }]));
  return { images: [], groups, users: all };
}

/** The plan as text. */
function plan(from: Current, to: Wanted, prune = false): string {
  return formatOperations(operationsOf(planDocument(from, to, { prune }).plan));
}

function server(reference: string, secrets: readonly string[] = []) {
  return { reference, approval: undefined, secrets };
}

function value(text: string): SecretState {
  return { kind: 'value', value: text };
}

describe('the plan of a document', () => {
  it('makes groups before the users in them, and a user with all that they have', () => {
    const bob = { group: 'students', secrets: new Map([['KEY', value('x')]]) };
    const groups = new Map([['students', { memory: 256 * mebibyte }]]);
    expect(plan(current({}), wanted({ bob }, groups))).toBe(
      [
        'group.create students (not found)',
        'user.create bob (not found)',
        'secret.set bob/KEY (not found)',
        'server.add bob/memory (not found)',
      ].join('\n'),
    );
  });

  it('is empty when everything is as it says', () => {
    const groups = new Map([['students', { tools: { allow: ['a'], deny: ['b'] } }]]);
    const same = new Map([['students', { tools: { deny: ['b'], allow: ['a'] } }]]);
    const bob = { group: 'students', secrets: new Map([['KEY', 'x']]) };
    const asked = {
      group: 'students',
      workspace: '/srv/bob',
      secrets: new Map([['KEY', value('x')]]),
    };
    expect(plan(current({ bob }, groups), wanted({ bob: asked }, same), true)).toBe('');
  });

  it('says from what to what each setting changes', () => {
    const bob = { own: { memory: 256 * mebibyte, cpus: 1, tools: { deny: ['a'] } } };
    const asked = {
      group: 'students',
      own: { memory: 512 * mebibyte, egress: 'none', tools: { deny: ['b'] } },
    };
    const groups = new Map([['students', {}]]);
    const changed = new Map([['students', { storage: 2 * 2 ** 30 }]]);
    expect(plan(current({ bob }, groups), wanted({ bob: asked }, changed))).toBe(
      [
        'group.update students (storage unset → 2g)',
        'user.update bob (group none → students, memory 256m → 512m, cpus 1 → unset, tools changed, egress unset → none)',
      ].join('\n'),
    );
  });

  it('adds, removes and remakes servers; what is not listed goes', () => {
    const bob = {
      servers: new Map([
        ['memory', running],
        ['github', { ...running, reference: '/old/github' }],
      ]),
    };
    const servers = new Map([
      ['github', server('/new/github')],
      ['everything', server('everything')],
    ]);
    expect(plan(current({ bob }), wanted({ bob: { servers } }))).toBe(
      [
        'server.remove bob/memory (not in the document)',
        'server.remove bob/github (made from /old/github)',
        'server.add bob/github (not found)',
        'server.add bob/everything (not found)',
      ].join('\n'),
    );
  });

  it('sets a secret that has another value, restarts what runs with another, and removes last', () => {
    const bob = {
      servers: new Map<string, CurrentServer>([
        ['memory', { ...running, startedWith: new Map([['SAME', 'same']]) }],
        ['github', { ...running, startedWith: new Map([['KEY', 'old']]) }],
        ['stopped', { ...running, startedWith: undefined }],
      ]),
      secrets: new Map([
        ['KEY', 'old'],
        ['UNREADABLE', undefined],
        ['SAME', 'same'],
        ['KEPT', undefined],
        ['GONE', undefined],
      ]),
    };
    const asked = {
      own: { cpus: 1 },
      servers: new Map([
        ['memory', server('memory', ['SAME', 'KEPT'])],
        ['github', server('memory', ['KEY', 'UNREADABLE'])],
        ['stopped', server('memory', ['KEY'])],
        ['new', server('new', ['KEY'])],
      ]),
      secrets: new Map<string, SecretState>([
        ['KEY', value('new')],
        ['UNREADABLE', value('x')],
        ['SAME', value('same')],
        ['KEPT', { kind: 'kept' }],
        ['NEW', { kind: 'unread' }],
      ]),
    };
    expect(plan(current({ bob }), wanted({ bob: asked }))).toBe(
      [
        'user.update bob (cpus unset → 1)',
        'secret.set bob/KEY (another value)',
        'secret.set bob/UNREADABLE (another value)',
        'secret.set bob/NEW (not found)',
        'server.restart bob/github (runs with another value of KEY, UNREADABLE)',
        'server.add bob/new (not found)',
        'secret.remove bob/GONE (not in the document)',
      ].join('\n'),
    );
  });

  it('restarts what a killed command left with the earlier value of a secret', () => {
    const servers = new Map([['memory', { ...running, startedWith: new Map([['KEY', 'old']]) }]]);
    const bob = { servers, secrets: new Map([['KEY', 'new']]) };
    const asked = {
      servers: new Map([['memory', server('memory', ['KEY'])]]),
      secrets: new Map([['KEY', value('new')]]),
    };
    expect(plan(current({ bob }), wanted({ bob: asked }))).toBe(
      'server.restart bob/memory (runs with another value of KEY)',
    );
  });

  it('leaves strangers alone without --prune, and says who they are', () => {
    const from = current({ bob: {}, eve: { group: 'old' } }, new Map([['old', {}]]));
    const planned = planDocument(from, wanted({ bob: {} }), { prune: false });
    expect(operationsOf(planned.plan)).toEqual([]);
    expect(planned.plan.unlisted).toEqual({ users: ['eve'], groups: ['old'] });
  });

  it('with --prune removes strangers and their groups, but nobody who ends by themselves', () => {
    const groups = new Map([
      ['old', {}],
      ['jobs', {}],
      ['used', {}],
    ]);
    const from = current(
      {
        bob: { group: 'used' },
        eve: { group: 'old' },
        'ci-42': { group: 'jobs', isPassing: true },
      },
      groups,
    );
    expect(plan(from, wanted({ bob: { group: 'used' } }), true)).toBe(
      ['user.remove eve (not in the document)', 'group.remove old (not in the document)'].join(
        '\n',
      ),
    );
  });
});

describe('a document that does not fit what there is', () => {
  const problemsOf = (from: Current, to: Wanted) => {
    const { problems, conflicts } = planDocument(from, to, { prune: true });
    return [...problems, ...conflicts].map(({ path, message }) => `${path.join('.')}: ${message}`);
  };

  it('names a group that nobody made', () => {
    const groups = new Map([['students', {}]]);
    expect(problemsOf(current({}, groups), wanted({ bob: { group: 'studens' } }))).toEqual([
      'users.bob.group: there is no group studens; did you mean students?',
    ]);
  });

  it('asks for another account or workspace than a user was made with', () => {
    const asked = { osUser: 'bob', workspace: '/srv/other' };
    expect(problemsOf(current({ bob: {} }), wanted({ bob: asked }))).toEqual([
      'users.bob.osUser: it is none, and can’t change; remove the user first',
      'users.bob.workspace: it is /srv/bob, and can’t change; remove the user first',
    ]);
  });

  it('lists a user who ends by themselves', () => {
    expect(problemsOf(current({ bob: { isPassing: true } }), wanted({ bob: {} }))).toEqual([
      'users.bob: ends by itself, so no document may have it',
    ]);
  });
});
