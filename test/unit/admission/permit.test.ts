import { describe, expect, test } from 'vitest';
import { permit } from '../../../src/admission/permit.ts';
import { hostConfigSchema } from '../../../src/config/schema.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { templateSchema, type Template } from '../../../src/templates/schema.ts';

const clock = { now: () => 5 };

function template(name: string, change: object = {}): Template {
  const parsed = templateSchema.parse({
    name,
    title: name,
    description: name,
    source: { npm: `${name}@1.0.0` },
    command: ['node'],
    riskLevel: 'high',
    requiresUserIsolation: true,
    userAware: false,
    ...change,
  });
  return { ...parsed, folder: `/templates/${name}` };
}

interface Asked {
  readonly policy: Policy;
  readonly reason?: string;
  readonly settings?: object;
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly templates?: readonly (readonly [string, Template])[];
}

function ask({ policy, reason, settings = {}, uid = 0, env = {}, templates }: Asked) {
  const config = hostConfigSchema.parse(settings);
  return permit(
    { config, clock, uid, env },
    {
      userName: 'bob',
      subject: { limits: {}, egress: null, policy, group: null },
      templates: new Map(templates ?? [['files', template('files')]]),
      reason,
    },
  );
}

describe('risk', () => {
  test('is no hindrance up to what the user may have', async () => {
    expect(await ask({ policy: {} })).toEqual([]);
    expect(await ask({ policy: { maxRisk: 'high' } })).toEqual([]);
    expect(await ask({ policy: { maxRisk: 'critical' }, reason: 'needless' })).toEqual([]);
  });

  test('above it is refused, and given with an administrator’s reason, on record', async () => {
    const policy: Policy = { maxRisk: 'medium' };
    await expect(ask({ policy })).rejects.toMatchObject({ code: 'RISK_TOO_HIGH', exitCode: 8 });
    expect(await ask({ policy, reason: 'for the audit' })).toEqual([
      {
        template: 'files',
        risk: 'high',
        reason: 'for the audit',
        approvedBy: 'root',
        approvedAt: 5,
      },
    ]);
  });

  test('is approved by who used sudo, when root says so, and by nobody who only pretends', async () => {
    const request = { policy: { maxRisk: 'low' } as const, reason: 'please' };
    const notOne = { code: 'NOT_AN_ADMINISTRATOR', exitCode: 8 };
    const env = { SUDO_USER: 'eve' };
    await expect(ask({ ...request, env })).rejects.toMatchObject(notOne);
    const settings = { administrators: ['eve'] };
    expect(await ask({ ...request, env, settings })).toMatchObject([{ approvedBy: 'eve' }]);
    await expect(ask({ ...request, settings })).rejects.toMatchObject(notOne);
    const pretended = { uid: 54_321, env: { SUDO_USER: 'root' } };
    await expect(ask({ ...request, ...pretended })).rejects.toMatchObject(notOne);
  });
});

describe('what is allowed', () => {
  test('is templates by catalog name or folder: a folder of the same name is another one', async () => {
    const policy: Policy = { allowedTemplates: ['files', '/srv/templates/*'] };
    expect(await ask({ policy })).toEqual([]);
    const own = template('files');
    expect(await ask({ policy, templates: [['/srv/templates/files', own]] })).toEqual([]);
    for (const reference of ['/home/bob/files', 'file', 'files2', '/x/srv/templates/a']) {
      await expect(ask({ policy, templates: [[reference, own]] })).rejects.toMatchObject({
        code: 'TEMPLATE_NOT_ALLOWED',
        exitCode: 8,
      });
    }
  });

  test('is images by name, for templates that name one', async () => {
    const policy: Policy = { allowedImages: ['registry.example/mcp/*'] };
    const withImage = (image: string) => [['x', template('x', { source: { image } })]] as const;
    expect(await ask({ policy, templates: withImage('registry.example/mcp/a:1') })).toEqual([]);
    expect(await ask({ policy })).toEqual([]);
    for (const image of ['docker.io/evil', 'registry-example/mcp/a', 'registry.example/mcpx/a']) {
      await expect(ask({ policy, templates: withImage(image) })).rejects.toMatchObject({
        code: 'IMAGE_NOT_ALLOWED',
      });
    }
  });

  test('is not widened by an approval', async () => {
    await expect(ask({ policy: { allowedTemplates: [] }, reason: 'please' })).rejects.toMatchObject(
      {
        code: 'TEMPLATE_NOT_ALLOWED',
      },
    );
  });
});
