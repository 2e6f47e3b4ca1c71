import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from '../../../src/cli/progress.ts';
import type { Step } from '../../../src/progress.ts';

function open({ json = false } = {}) {
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
  return {
    progress: createProgress({ json, stderr, env: {} }),
    read: () => stderr.read() as unknown,
  };
}

function step(title: string, run: Step['run'] = async () => undefined): Step {
  return { title, run };
}

test('in a pipe each step is a line, in order', async () => {
  const { progress, read } = open();
  await progress.steps([step('network.create'), step('server.create')]);
  progress.notice('a fact');
  expect(String(read())).toBe('network.create\nserver.create\na fact\n');
});

test('under --json nothing is written, and the steps run all the same', async () => {
  const { progress, read } = open({ json: true });
  let ran = 0;
  await progress.steps([
    step('network.create', async (update) => {
      update('a detail');
      ran += 1;
    }),
  ]);
  progress.notice('a fact');
  expect({ ran, written: read() }).toEqual({ ran: 1, written: null });
});

test('the first step that fails stops the rest', async () => {
  const { progress } = open();
  let ran = false;
  const failure = progress.steps([
    step('a', () => Promise.reject(new Error('no'))),
    step('b', async () => {
      ran = true;
    }),
  ]);
  await expect(failure).rejects.toThrow('no');
  expect(ran).toBe(false);
});
