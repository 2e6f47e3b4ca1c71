import { describe, expect, test } from 'vitest';
import { resolveTargets } from '../../../src/firewall/targets.ts';

const resolve = async (host: string) => {
  if (host === 'api.example.org') return ['192.0.2.10', '192.0.2.11'];
  throw new Error(`no address for ${host}`);
};

describe('resolveTargets', () => {
  test('turns names, addresses and networks into targets', async () => {
    const entries = ['api.example.org:443', '192.0.2.1', '10.1.0.0/16'];
    expect(await resolveTargets(entries, resolve)).toEqual({
      targets: [
        { address: '192.0.2.10', prefix: 32, port: 443 },
        { address: '192.0.2.11', prefix: 32, port: 443 },
        { address: '192.0.2.1', prefix: 32 },
        { address: '10.1.0.0', prefix: 16 },
      ],
      unresolved: [],
    });
  });

  test.each([
    'gone.example.org',
    'api.example.org:0',
    'api.example.org:70000',
    '10.0.0.0/33',
    '300.1.1.1/8',
  ])('lets nothing through for %s and says so', async (entry) => {
    expect(await resolveTargets([entry], resolve)).toEqual({ targets: [], unresolved: [entry] });
  });
});
