import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { sinkOf } from '../../../src/observe/sink.ts';

test('waits while the reader is slower than the writer', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const sink = sinkOf(stream);
  let isDone = false;
  const written = sink.write('longer than the buffer').then((goesOn) => {
    isDone = true;
    return goesOn;
  });
  await new Promise(setImmediate);
  expect(isDone).toBe(false);
  stream.resume();
  expect(await written).toBe(true);
});

test('says so when the reader has gone, also to a write that waits', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const sink = sinkOf(stream);
  const written = sink.write('longer than the buffer');
  stream.destroy();
  expect(await written).toBe(false);
  expect(await sink.write('more')).toBe(false);
});

test('takes a broken pipe for a reader that has gone', async () => {
  const stream = new PassThrough();
  const sink = sinkOf(stream);
  const failed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  await failed;
  expect(await sink.write('more')).toBe(false);
});
