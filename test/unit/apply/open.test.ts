import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openDocument } from '../../../src/apply/open.ts';
import type { Wanted } from '../../../src/apply/resolve.ts';
import { UsageError } from '../../../src/errors.ts';

const assets = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
mkdirSync(join(folder, 'notes'));
writeFileSync(
  join(folder, 'notes/template.json'),
  JSON.stringify({
    name: 'notes',
    title: 'Notes',
    description: 'Notes.',
    source: { image: 'notes' },
    command: ['notes'],
    secrets: [{ name: 'KEY', description: 'a key' }],
    riskLevel: 'low',
    requiresUserIsolation: true,
    userAware: false,
  }),
);
writeFileSync(join(folder, 'key.txt'), 'from a file\n');
afterAll(() => rmSync(folder, { recursive: true }));

interface Options {
  readonly env?: NodeJS.ProcessEnv;
  readonly runs?: boolean;
}

async function open(
  text: string | Uint8Array,
  { env = {}, runs = true }: Options = {},
): Promise<Wanted> {
  const document = { name: 'tenants.yaml', bytes: Buffer.from(text), folder };
  const world = { assets, env: { PATH: process.env['PATH'], ...env }, runs };
  const { wanted } = await openDocument(document, { ...world, signal: AbortSignal.any([]) });
  return wanted;
}

async function refusal(text: string | Uint8Array, options?: Options): Promise<UsageError> {
  const error: unknown = await open(text, options).catch((reason: unknown) => reason);
  if (error instanceof UsageError && error.code === 'DOCUMENT_INVALID') return error;
  throw new Error('the document is valid', { cause: error });
}

/** Lines of the message about a document that can't be applied. */
async function faults(text: string | Uint8Array, options?: Options): Promise<string[]> {
  return (await refusal(text, options)).message.split('\n').slice(1);
}

describe('a document', () => {
  it('says what there should be, and may leave out almost everything', async () => {
    const { groups, users } = await open(`
version: 1
groups:
  students: { memory: 256m }
users:
  bob:
  alice: { group: students, policy: { memory: 1g, egress: none }, servers: [memory] }
`);
    expect(groups.get('students')).toEqual({ memory: 256 * 2 ** 20 });
    expect([...(users.get('bob')?.servers.keys() ?? [])]).toEqual(['filesystem']);
    expect(users.get('alice')).toMatchObject({
      group: 'students',
      own: { memory: 2 ** 30, egress: 'none' },
    });
  });

  it('may be JSON, and repeat itself by aliases', async () => {
    const json = '{ "version": 1, "users": { "bob": { "servers": ["memory"] } } }';
    expect((await open(json)).users.get('bob')?.servers.has('memory')).toBe(true);
    const yaml = 'version: 1\nusers:\n  bob: &same { servers: [memory] }\n  eve: *same\n';
    expect((await open(yaml)).users.get('eve')?.servers.has('memory')).toBe(true);
  });

  it('has all that is wrong with it told at once, each with its place', async () => {
    const text = `version: 2
groups:
  students:
    memori: 256m
users:
  bob:
    memory: 512m
    policy:
      memory: lots
      pids: 3
    servers: [{ template: memory, aprove: yes }, 7]
  Alice:
`;
    expect(await faults(text)).toEqual([
      'tenants.yaml:1:10: version: expected 1',
      'tenants.yaml:4:5: groups.students.memori: there is no such key; did you mean memory?',
      'tenants.yaml:7:5: users.bob.memory: there is no such key; did you mean policy.memory?',
      'tenants.yaml:9:15: users.bob.policy.memory: "lots" is not a memory size; write e.g. 512m or 1g (at least 6m)',
      'tenants.yaml:10:13: users.bob.policy.pids: expected number to be >=16',
      'tenants.yaml:11:35: users.bob.servers.0.aprove: there is no such key; did you mean approve?',
      'tenants.yaml:11:50: users.bob.servers.1: expected string or object',
      expect.stringMatching(/^tenants\.yaml:12:3: users\.Alice: "Alice" is not a name; /),
    ]);
  });

  it.each([
    ['policy: { memry: 1g }', 'memry: there is no such key; did you mean memory?'],
    ['policy: { tools: { dny: [] } }', 'tools.dny: there is no such key; did you mean deny?'],
    [
      'policy: { templates: { memory: { toolz: {} } } }',
      'templates.memory.toolz: there is no such key; did you mean tools?',
    ],
    ['policy: { maxRisk: hgih }', 'maxRisk: expected one of low, medium, high, critical'],
  ])('names what may have been meant in a policy too: %s', async (policy, says) => {
    const [fault] = await faults(`version: 1\nusers:\n  bob: { ${policy} }\n`);
    expect(fault).toContain(`users.bob.policy.${says}`);
  });

  it.each([
    ['', '1:1: version: is missing'],
    ['users: {}', '1:1: version: is missing'],
    ['[]', '1:1: expected object, received array'],
    ['version: 1\nversion: 1', '2:1: this key is here twice'],
    ['version: 1\nusers:\n  bob:\n  bob:', '4:3: this key is here twice'],
    ['{"version": 1, "users": {"bob": {}, "bob": {}}}', '1:37: this key is here twice'],
    ['version: 1\n---\nversion: 1', '2:1: only one document may be in a file'],
    ['version: !!int 1\nusers: !mine {}', '2:8: tags are not known here'],
    ['version: 1\nusers: *them', '2:8: there is no such anchor before it'],
    ['version: 1\n__proto__: {}', '2:1: this key can’t be used'],
    ['version: 1\nusers:\n\tbob:', '3:1: Tabs are not allowed as indentation'],
  ])('that is not one is refused: %j', async (text, says) => {
    expect((await faults(text))[0]).toBe(`tenants.yaml:${says}`);
  });

  it('that is no YAML has the first places told where it is none: the rest follow from them', async () => {
    const text = 'Dear all,\n  this: is: not yaml: at all\n\t- x\n}\n]]\n';
    expect(await faults(text)).toEqual([
      'tenants.yaml:1:1: Implicit keys need to be on a single line',
      'tenants.yaml:2:9: Nested mappings are not allowed in compact mappings',
      'tenants.yaml:2:13: Nested mappings are not allowed in compact mappings',
    ]);
  });

  it('has all keys told that are no text', async () => {
    const keys = [1, 2, 3, 4].map((index) => `[${index}]: x\n`);
    expect(await faults(keys.join(''))).toHaveLength(4);
  });

  it('does not grow by its aliases without bounds', async () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const items = Array.from({ length: 9 }, () => (level === 0 ? '1' : `*a${level - 1}`));
      return `a${level}: &a${level} [${items.join(', ')}]`;
    });
    expect(await faults(levels.join('\n'))).toEqual([
      'tenants.yaml:1:1: its aliases make it too large',
    ]);
  });

  it('is refused when it is no text, at the line that isn’t', async () => {
    const bytes = Buffer.concat([Buffer.from('version: 1\n# é\n'), Buffer.of(0xff, 0xfe, 0)]);
    expect(await faults(bytes)).toEqual(['tenants.yaml:3:1: it is not UTF-8 text']);
  });

  it('has its first problems told to people, and all of them to programs', async () => {
    const users = Array.from({ length: 60 }, (_, index) => `  u${index}: { servers: [1] }\n`);
    const { message, problems } = await refusal(`version: 1\nusers:\n${users.join('')}`);
    expect(message.split('\n').at(-1)).toBe('and 10 more');
    expect(problems).toHaveLength(60);
    expect(problems?.at(-1)).toEqual({
      line: 62,
      column: 20,
      path: ['users', 'u59', 'servers', 0],
      message: 'expected string or object',
    });
  });
});

describe('a template of a document', () => {
  it('is of the catalog, named above, or a folder beside the document', async () => {
    const { users, images } = await open(
      `
version: 1
templates: { notes: ./notes }
images: [notes, memory]
users:
  bob: { servers: [notes, memory], secrets: { KEY: { env: K } } }
  eve: { servers: [./notes], secrets: { KEY: { env: K } } }
`,
      { env: { K: 'k' } },
    );
    const path = join(folder, 'notes');
    const servers = [...(users.get('bob')?.servers ?? [])];
    expect(servers.map(([name, { reference }]) => [name, reference])).toEqual([
      ['notes', path],
      ['memory', 'memory'],
    ]);
    expect(users.get('eve')?.servers.get('notes')?.reference).toBe(path);
    expect(images).toEqual([path, 'memory']);
  });

  it('that is not there, is there twice or has another name is told with its place', async () => {
    const text = `version: 1
templates: { mine: ./notes }
images: [nope]
users:
  bob: { servers: [memry, memory, ./notes, memory, ./nowhere] }
`;
    expect(await faults(text)).toEqual([
      'tenants.yaml:2:14: templates.mine: its template.json says that the name is notes',
      'tenants.yaml:3:10: images.0: there is no template "nope"',
      'tenants.yaml:5:20: users.bob.servers.0: there is no template "memry"; did you mean memory?',
      'tenants.yaml:5:44: users.bob.servers.3: the server memory is here twice',
      `tenants.yaml:5:52: users.bob.servers.4: there is no template.json in ${folder}/nowhere`,
    ]);
  });
});

describe('a secret of a document', () => {
  const secret = (reference: string) =>
    `version: 1\nusers:\n  bob:\n    secrets: { KEY: ${reference} }\n`;
  const valueOf = async (reference: string, options?: Options) =>
    (await open(secret(reference), options)).users.get('bob')?.secrets.get('KEY');

  it.each([
    ['{ file: key.txt }', 'from a file'],
    ['{ env: THE_KEY }', 'from the environment'],
    ['{ command: [echo, -n, "$THE_KEY"] }', '$THE_KEY'],
    ['{ command: [cat, key.txt] }', 'from a file'],
    ['{ env: THE_KEY, optional: true }', 'from the environment'],
  ])('is where its reference says: %s', async (reference, value) => {
    const env = { THE_KEY: 'from the environment' };
    expect(await valueOf(reference, { env })).toEqual({ kind: 'value', value });
  });

  it('stays as it is when its reference leads to nothing and says that this may be', async () => {
    expect(await valueOf('{ env: THE_KEY, optional: true }')).toEqual({ kind: 'kept' });
    expect(await valueOf('{ file: nowhere, optional: true }')).toEqual({ kind: 'kept' });
  });

  it('has no program run for it by a dry run', async () => {
    const reference = '{ command: [touch, made] }';
    expect(await valueOf(reference, { runs: false })).toEqual({ kind: 'unread' });
  });

  it.each([
    ['{ env: THE_KEY }', 'this variable is not set'],
    ['{ file: nowhere }', 'there is no such file'],
    ['{ file: notes }', 'the file can’t be read: EISDIR'],
    ['{ file: /dev/null }', 'it is empty'],
    ['{ command: [no-such-program] }', 'there is no such program'],
    ['{ command: [sh, -c, "echo hunter2; echo hunter2 >&2; exit 3"] }', 'the command failed (3)'],
    ['{ command: [sh, -c, "yes hunter2"] }', 'the command printed too much'],
    ['{ command: [] }', 'expected array to have >=1 items'],
    ['{ env: X, file: y }', 'name one of file, env and command'],
    ['{}', 'name one of file, env and command'],
    ['{ value: hunter2 }', 'there is no such key'],
    ['{ env: hunter2-! }', 'is not the name of an environment variable'],
    ['hunter2', 'a value may not stand in the document; write { file: PATH }'],
    ['[hunter2]', 'a value may not stand in the document'],
  ])(
    'that is no reference to a value is refused, and never repeated: %s',
    async (reference, says) => {
      const told = await faults(secret(reference));
      expect(told[0]).toMatch(/^tenants\.yaml:4:\d+: users\.bob\.secrets\.KEY/);
      expect(told.join('\n')).toContain(says);
      expect(told.join('\n')).not.toContain('hunter2');
    },
  );
});
