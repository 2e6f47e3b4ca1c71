import type { Version } from '../../../src/registry/versions.ts';
import { templateSchema } from '../../../src/templates/schema.ts';

/** What a server is made from, of `@x/files@1.2.3`. */
export function version(change: object = {}, image = 'sha256:aaa'): Version {
  const template = templateSchema.parse({
    name: 'files',
    title: 'Files',
    description: 'Files.',
    source: { npm: '@x/files@1.2.3' },
    command: ['node', '${package}/index.js'],
    riskLevel: 'low',
    requiresUserIsolation: true,
    userAware: false,
    ...change,
  });
  return { template: { ...template, folder: '/templates/files' }, image };
}
