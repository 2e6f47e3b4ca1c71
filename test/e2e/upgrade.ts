import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Tenancy } from '../support/tenancy.ts';

const packageRoot = join(import.meta.dirname, '../..');

/** What `plan` and `up` answer. */
export interface Changes {
  readonly users: readonly {
    readonly operations: readonly { type: string; subject: string; cause: string }[];
  }[];
}

interface Built {
  readonly images: readonly { readonly id: string; readonly built: boolean }[];
}

/**
 * A newer mcpd on the same home, with another bridge and so other images, built for these templates;
 * disposing of it removes them.
 */
export async function upgrade(tenancy: Tenancy, templates: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'mcpd-newer-'));
  const copied = ['bin', 'dist', 'package.json', 'oclif.manifest.json', 'Dockerfile.mcp'];
  for (const name of copied) {
    await cp(join(packageRoot, name), join(root, name), { recursive: true });
  }
  await symlink(join(packageRoot, 'templates'), join(root, 'templates'));
  await appendFile(join(root, 'dist/bridge.cjs'), `// ${root}\n`);

  const run = async (...args: readonly string[]): Promise<unknown> => {
    const argv = [join(root, 'bin/run.js'), ...args, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env: tenancy.env });
    return JSON.parse(stdout);
  };
  const { images } = (await run('image', 'build', ...templates)) as Built;
  return {
    run,
    operations: async (...args: readonly string[]) =>
      ((await run(...args)) as Changes).users[0]?.operations,
    async [Symbol.asyncDispose](): Promise<void> {
      await rm(root, { recursive: true });
      const made = images.filter(({ built }) => built).map(({ id }) => id);
      await tenancy.docker('image', 'rm', '--force', ...made);
    },
  };
}
