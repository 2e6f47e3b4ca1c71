import { expect, test } from 'vitest';
import { libraryPaths } from '../../../src/image/host-runtime.ts';

test('reads libraries and the loader out of what ldd prints, and skips the kernel’s own', () => {
  const output = `\tlinux-vdso.so.1 (0x00007fb64a742000)
\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007fb64a64c000)
\tlibnode.so.127 => /opt/node/lib/libnode.so.127 (0x00007fb64a62c000)
\tlibgone.so.1 => not found
\t/lib64/ld-linux-x86-64.so.2 (0x00007fb64a744000)
`;
  expect(libraryPaths(output)).toEqual([
    '/lib/x86_64-linux-gnu/libm.so.6',
    '/opt/node/lib/libnode.so.127',
    '/lib64/ld-linux-x86-64.so.2',
  ]);
});

test('musl names its loader as the C library too', () => {
  const output = `\t/lib/ld-musl-x86_64.so.1 (0x7f1)
\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f1)
`;
  expect(new Set(libraryPaths(output))).toEqual(new Set(['/lib/ld-musl-x86_64.so.1']));
});
