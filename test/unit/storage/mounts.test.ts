import { expect, test } from 'vitest';
import { parseMounts } from '../../../src/storage/mounts.ts';

test('reads folders and devices, whatever optional fields there are', () => {
  const text = [
    '21 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
    '51 21 7:0 / /h/users/u1/workspace rw,nosuid,nodev shared:7 master:1 - ext4 /dev/loop0 rw',
    '',
  ].join('\n');
  expect(parseMounts(text)).toEqual([
    { folder: '/', device: '/dev/vda' },
    { folder: '/h/users/u1/workspace', device: '/dev/loop0' },
  ]);
});

test('reads escaped names', () => {
  const [mount] = parseMounts(String.raw`5 1 7:0 / /my\040home/a\134b rw - ext4 /dev/loop0 rw`);
  expect(mount?.folder).toBe(String.raw`/my home/a\b`);
});

test('of two mounts on one folder the upper one is seen', () => {
  const text = '1 0 7:0 / /m rw - ext4 /dev/loop0 rw\n2 1 7:1 / /m rw - ext4 /dev/loop1 rw';
  expect(parseMounts(text)).toEqual([{ folder: '/m', device: '/dev/loop1' }]);
});
