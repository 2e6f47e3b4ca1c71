import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Current, CurrentUser } from '../../../src/apply/current.ts';
import { toDocument } from '../../../src/apply/export.ts';
import { openDocument } from '../../../src/apply/open.ts';
import { formatOperations } from '../../../src/apply/operation.ts';
import { operationsOf, planDocument } from '../../../src/apply/plan.ts';
import type { Wanted } from '../../../src/apply/resolve.ts';
import { policySchema, risks } from '../../../src/policy/policy.ts';
import { renderExport } from '../../../src/render/export.ts';

const assets = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'mcpd-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes a template folder; a catalog's template may have the same name. */
function template(name: string, under: string): string {
  const path = join(folder, under, name);
  mkdirSync(path, { recursive: true });
  const content = {
    name,
    title: name,
    description: name,
    source: { image: name },
    command: [name],
    riskLevel: 'low',
    requiresUserIsolation: true,
    userAware: false,
  };
  writeFileSync(join(path, 'template.json'), JSON.stringify(content));
  return path;
}

const templates = [
  ['memory', 'memory'],
  ['filesystem', 'filesystem'],
  ['memory', template('memory', 'a')],
  ['notes', template('notes', 'a')],
  ['notes', template('notes', 'b')],
  ['wiki', template('wiki', 'a')],
] as const;

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const pattern = fc.string({ minLength: 1, maxLength: 8 });
const exposure = fc.record(
  { allow: fc.array(pattern, { maxLength: 3 }), deny: fc.array(pattern, { maxLength: 3 }) },
  { requiredKeys: [] },
);

/** As the registry has one: parsed. */
const policy = fc
  .record(
    {
      memory: fc.integer({ min: 6 * 2 ** 20, max: 2 ** 40 }),
      cpus: fc.integer({ min: 1, max: 1000 }).map((tenths) => tenths / 10),
      cpuset: fc.constantFrom('0', '0-3,6', 2),
      storage: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 16, max: 2 ** 12 }).map((m) => m * 2 ** 20),
      ),
      servers: fc.nat({ max: 9 }),
      tools: exposure,
      maxRisk: fc.constantFrom(...risks),
      egress: fc.constantFrom('public', 'none', 'open', 'allow:example.com:443,10.0.0.0/8'),
      templates: fc.dictionary(name, fc.record({ maxTools: fc.nat({ max: 9 }) })),
    },
    { requiredKeys: [] },
  )
  .map((written) => policySchema.parse(written));

const servers = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...templates), fc.option(pattern.filter(isReason))), {
    selector: ([[server]]) => server,
  })
  .map(
    (chosen) =>
      new Map(
        chosen.map(([[server, reference], reason]) => [
          server,
          { reference, approval: reason?.trim(), startedWith: undefined },
        ]),
      ),
  );

function isReason(text: string): boolean {
  return text.trim() !== '';
}

const user = (groups: readonly string[]) =>
  fc.record<CurrentUser>({
    id: fc.constant('u1'),
    group: fc.constantFrom(null, ...groups),
    own: policy,
    osUser: fc.option(name),
    workspace: fc.constantFrom('/srv/one', '/srv/a folder: "x"'),
    workspaceManaged: fc.boolean(),
    servers,
    secrets: fc.constantFrom(
      new Map<string, undefined>(),
      new Map([
        ['KEY', undefined],
        ['OTHER_KEY', undefined],
      ]),
    ),
    isPassing: fc.constant(false),
  });

const state = fc.dictionary(name, policy, { maxKeys: 3 }).chain((groups) =>
  fc.record<Current>({
    groups: fc.constant(new Map(Object.entries(groups))),
    users: fc
      .dictionary(name, user(Object.keys(groups)), { maxKeys: 4 })
      .map((users) => new Map(Object.entries(users))),
  }),
);

function read(text: string): Promise<Wanted> {
  const document = { name: 'tenants.yaml', bytes: Buffer.from(text), folder };
  const world = { assets, env: {}, runs: false, signal: AbortSignal.any([]) };
  return openDocument(document, world).then(({ wanted }) => wanted);
}

/** What there is once a document was applied where nothing was, with its secrets. */
function applied(wanted: Wanted): Current {
  const users = [...wanted.users].map(([key, one]): [string, CurrentUser] => [
    key,
    {
      ...one,
      id: 'u1',
      osUser: one.osUser ?? null,
      workspace: one.workspace ?? '/var/lib/mcpd/users/x/workspace',
      workspaceManaged: one.workspace === undefined,
      servers: new Map(
        [...one.servers].map(([server, its]) => [server, { ...its, startedWith: undefined }]),
      ),
      secrets: new Map([...one.secrets.keys()].map((secret) => [secret, undefined])),
      isPassing: false,
    },
  ]);
  return { groups: wanted.groups, users: new Map(users) };
}

describe('a document that was exported', () => {
  it.each(['yaml', 'json'] as const)(
    'changes nothing where it comes from, and makes the same elsewhere, as %s',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(state, async (current) => {
          const text = renderExport(toDocument(current), format);
          const wanted = await read(text);
          const { plan, problems, conflicts } = planDocument(current, wanted, { prune: true });
          expect(formatOperations(operationsOf(plan))).toBe('');
          expect([...problems, ...conflicts]).toEqual([]);
          expect(renderExport(toDocument(applied(wanted)), format)).toBe(text);
        }),
        { numRuns: 150 },
      );
    },
  );

  it('has a reference instead of each secret, and leaves out who ends by themselves', () => {
    const there: CurrentUser = {
      id: 'u1',
      group: null,
      own: {},
      osUser: null,
      workspace: '/srv/x',
      workspaceManaged: true,
      servers: new Map(),
      secrets: new Map([['KEY', 'hunter2']]),
      isPassing: false,
    };
    const users = new Map([
      ['bob-2', there],
      ['ci-42', { ...there, isPassing: true }],
    ]);
    expect(renderExport(toDocument({ groups: new Map(), users }), 'yaml')).toBe(
      `# yaml-language-server: $schema=tenants.schema.json
# The schema for editors: mcpd schema export > tenants.schema.json
version: 1
users:
  bob-2:
    servers: []
    secrets:
      KEY:
        env: BOB_2_KEY
        optional: true
`,
    );
  });
});
