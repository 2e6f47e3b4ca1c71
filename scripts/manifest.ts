import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Plugin } from '@oclif/core/config';

/** Writes `oclif.manifest.json`, with which a run loads one command instead of all. */
export async function writeManifest(root: string): Promise<void> {
  const plugin = new Plugin({
    root,
    type: 'core',
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const { version, commands } = plugin.manifest;
  const cached = Object.entries(commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    // A schema is for `mcpd schema`, which loads the command.
    .map(([id, { result: _schema, ...command }]) => [id, command]);
  const manifest = { version, commands: Object.fromEntries(cached) };
  await writeFile(join(root, 'oclif.manifest.json'), `${JSON.stringify(manifest)}\n`);
}
