import { expect, test } from 'vitest';
import type { Image } from '../../../src/engine/engine.ts';
import { ConflictError } from '../../../src/errors.ts';
import { imagesToRemove, removeImages } from '../../../src/image/prune.ts';
import { fakeImages } from './fake-images.ts';

const image = (tag: string, rest: Partial<Image> = {}): Image => ({
  id: `sha256:${tag || 'untagged'}`,
  tags: tag === '' ? [] : [tag],
  template: /mcpd\/(?!base)(.*):/.exec(tag)?.[1] ?? '',
  bytes: 1,
  createdAt: 0,
  usedBy: 0,
  ...rest,
});
const tagsOf = (images: readonly Image[]) => images.map(({ tags }) => tags.join());

test('takes what no container uses and nobody would use now', () => {
  const images = [
    image('mcpd/memory:current'),
    image('mcpd/memory:old'),
    image('mcpd/memory:running', { usedBy: 1 }),
    image(''),
  ];
  const options = { current: new Set(['mcpd/memory:current']), all: false };
  expect(tagsOf(imagesToRemove(images, options))).toEqual(['mcpd/memory:old', '']);
});

test('leaves what a server would be made from again, although it is not current', () => {
  const images = [image('mcpd/memory:old'), image('mcpd/memory:older')];
  const options = { current: new Set(['sha256:mcpd/memory:old']), all: false };
  expect(tagsOf(imagesToRemove(images, options))).toEqual(['mcpd/memory:older']);
});

test('all takes the current ones too, but never one in use', () => {
  const images = [image('mcpd/a:1'), image('mcpd/b:1', { usedBy: 2 })];
  const options = { current: new Set(['mcpd/a:1', 'mcpd/b:1']), all: true };
  expect(tagsOf(imagesToRemove(images, options))).toEqual(['mcpd/a:1']);
});

test('a base goes after what is made from it', () => {
  const images = [image('mcpd/base:1'), image(''), image('mcpd/a:1')];
  const options = { current: new Set<string>(), all: true };
  expect(tagsOf(imagesToRemove(images, options))).toEqual(['mcpd/a:1', '', 'mcpd/base:1']);
});

test('an image that something still needs stays, and the rest goes', async () => {
  const images = fakeImages({
    remove: (id) =>
      id.includes('base')
        ? Promise.reject(new ConflictError('has children', { code: 'ENGINE_CONFLICT' }))
        : Promise.resolve(),
  });
  const removed = await removeImages(images, [image('mcpd/base:1'), image('mcpd/a:1')]);
  expect(tagsOf(removed)).toEqual(['mcpd/a:1']);
});
