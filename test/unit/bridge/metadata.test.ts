import { expect, test } from 'vitest';
import { metadata, metadataPaths, metadataUrl } from '../../../src/bridge/metadata.ts';

test('the metadata is where RFC 9728 puts it, also behind a gateway', () => {
  expect(metadataUrl('http://127.0.0.1:20000/mcp')).toBe(
    'http://127.0.0.1:20000/.well-known/oauth-protected-resource/mcp',
  );
  expect(metadataUrl('https://mcp.example/u/bob/mcp')).toBe(
    'https://mcp.example/.well-known/oauth-protected-resource/u/bob/mcp',
  );
  expect(metadataPaths).toContain(new URL(metadataUrl('http://h:1/mcp')).pathname);
  expect(JSON.parse(metadata('http://h:1/mcp', undefined).toString())).toMatchObject({
    resource: 'http://h:1/mcp',
  });
});
