import { expect, test } from 'vitest';
import { fileSystemOf } from '../../../src/host/file-system.ts';

test('tells memory from other file systems', async () => {
  expect(await fileSystemOf('/dev/shm')).toMatchObject({ isMemory: true });
  expect(await fileSystemOf('/proc')).toMatchObject({ isMemory: false });
});

test('answers for a path that is still to be made by the nearest parent', async () => {
  const missing = await fileSystemOf('/dev/shm/mcpd-test-missing/deeper');
  expect(missing).toMatchObject({ isMemory: true });
});
