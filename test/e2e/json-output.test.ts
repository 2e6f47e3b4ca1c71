import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { lines, words } from '../support/lines.ts';
import { Tenancy } from '../support/tenancy.ts';

let tenancy: Tenancy;

beforeAll(async () => {
  tenancy = await Tenancy.open();
  await tenancy.addUser('bob', '--server', 'filesystem,memory');
}, 300_000);

afterAll(() => tenancy[Symbol.asyncDispose](), 120_000);

describe('what --json prints', () => {
  interface Schemas {
    readonly commands: Readonly<Record<string, Parameters<typeof z.fromJSONSchema>[0]>>;
    readonly error: Parameters<typeof z.fromJSONSchema>[0];
  }
  let schemas: Schemas;

  beforeAll(async () => {
    schemas = await tenancy.json<Schemas>(['schema']);
    await tenancy.json(['secret', 'set', 'bob', 'KEY'], 'value');
  });

  it.each(lines`
    user add bob
    user list
    user list --run-id 42
    user remove --run-id 42 --yes
    gc --dry-run
    gc
    run --server memory -- true
    user show bob
    user update bob --memory 600m
    server list
    server list bob
    server show bob/memory
    server add bob/memory
    start bob
    stop bob/memory
    status
    restart bob/memory
    status bob --probe
    stats
    stats bob --no-stream
    report bob
    report --all --format html
    metrics
    ports
    ports --all
    exec bob/memory -- node -v
    oidc show
    audit --control
    audit verify
    secret list bob
    secret set bob KEY
    secret remove bob KEY --yes
    token create bob --name other
    token list bob --all
    token revoke bob other --yes
    connect bob
    connect bob --client cursor --new-token
    completion bash
    template list
    template show memory
    image list
    image build memory
    config list
    config get limits.memory
    config set limits.pids 256
    plan
    down bob --yes
    plan bob
    up bob
    upgrade --all --dry-run
    upgrade bob
    server remove bob/memory --yes
    user remove bob --yes
  `)('is what mcpd schema says: %s', async (command) => {
    const names = Object.keys(schemas.commands).toSorted((a, b) => b.length - a.length);
    const name = names.find((one) => `${command} `.startsWith(`${one} `));
    const schema = z.fromJSONSchema(schemas.commands[name ?? ''] ?? {});
    const [args, end] = [words(command), words(command).indexOf('--')];
    const json = end < 0 ? [...args, '--json'] : args.toSpliced(end, 0, '--json');
    const { code, stdout, stderr } = await tenancy.run(json, 'value');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(schema.safeParse(JSON.parse(stdout))).toMatchObject({ success: true });
  });

  it('is what mcpd schema says: doctor, whatever it finds', async () => {
    const schema = z.fromJSONSchema(schemas.commands['doctor'] ?? {});
    const { code, stdout } = await tenancy.run(['doctor', '--json']);
    const document = JSON.parse(stdout) as { healthy: boolean };
    expect(schema.safeParse(document)).toMatchObject({ success: true });
    expect(code).toBe(document.healthy ? 0 : 1);
  });

  it('is one document a line of what mcpd schema says: logs', async () => {
    await using other = await Tenancy.open();
    await other.addUser('bob');
    const schema = z.fromJSONSchema(schemas.commands['logs'] ?? {});
    const { stdout } = await other.run(['logs', 'bob', '--json']);
    const documents = stdout.trimEnd().split('\n');
    expect(documents.length).toBeGreaterThan(1);
    for (const line of documents) {
      expect(schema.safeParse(JSON.parse(line))).toMatchObject({ success: true });
    }
  });

  it('is what mcpd schema says when a command fails', async () => {
    const { stdout } = await tenancy.run(['user', 'show', 'nobody', '--json']);
    const schema = z.fromJSONSchema(schemas.error);
    expect(schema.safeParse(JSON.parse(stdout))).toMatchObject({ success: true });
  });
});
