import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { followProgress, type ProgressEvent } from '../../../../src/engine/docker/streams.ts';

test('events arrive whole, however the stream is cut', async () => {
  const bytes = Buffer.from('{"status":"a"}\r\n\n{"stream":"Größe"}\n{"status":"last"}');
  const events: ProgressEvent[] = [];
  await followProgress(Readable.from([...bytes].map((byte) => Buffer.from([byte]))), (event) => {
    events.push(event);
  });
  expect(events).toEqual([{ status: 'a' }, { stream: 'Größe' }, { status: 'last' }]);
});

test('a failure inside the stream rejects with its message, and what to do', async () => {
  const stream = Readable.from([Buffer.from('{"errorDetail":{"message":"exit 1"},"error":"x"}\n')]);
  await expect(followProgress(stream)).rejects.toMatchObject({
    code: 'ENGINE_ERROR',
    message: 'exit 1',
    suggestions: expect.arrayContaining(['mcpd doctor']) as string[],
  });
});

test('a failure ends the stream, so that nothing keeps it open', async () => {
  const stream = new PassThrough();
  stream.write('{"error":"no space"}\n');
  await expect(followProgress(stream)).rejects.toThrow('no space');
  expect(stream.destroyed).toBe(true);
});

test('an error of the stream rejects', async () => {
  const stream = new PassThrough();
  const following = followProgress(stream);
  stream.destroy(new Error('reset'));
  await expect(following).rejects.toThrow('reset');
});

test('a stream that breaks off rejects', async () => {
  const stream = new PassThrough();
  const following = followProgress(stream);
  stream.write('{"status":"a"}\n');
  stream.destroy();
  await expect(following).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});
