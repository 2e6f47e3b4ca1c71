import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { Plugin } from '@oclif/core/config';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly oclif: object;
}

/** Every command of the sources by id: as `--help` needs it, and as it can be loaded. */
export async function loadCommands(root: string): Promise<{
  cached: ReadonlyMap<string, Command.Cached>;
  loadable: readonly Command.Loadable[];
}> {
  const pjson = await readPackage(root);
  const commands = { strategy: 'pattern' as const, target: './src/commands' };
  const plugin = new Plugin({
    root,
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    respectNoCacheDefault: true,
  });
  await plugin.load();
  const cached = Object.entries(plugin.manifest.commands)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, command]) => [id, forManifest(command)] as const);
  return { cached: new Map(cached), loadable: plugin.commands };
}

/** Writes `oclif.manifest.json`, with which a run loads one command instead of all. */
export async function writeManifest(root: string): Promise<void> {
  const [{ version }, { cached }] = await Promise.all([readPackage(root), loadCommands(root)]);
  const manifest = { version, commands: Object.fromEntries(cached) };
  const file = join(root, 'oclif.manifest.json');
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify(manifest)}\n`);
  await rename(`${file}.${process.pid}`, file);
}

async function readPackage(root: string): Promise<Package> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Package;
}

/** Without the schema, which `mcpd schema` takes from the command, and the place of the source. */
function forManifest(command: Command.Cached): Command.Cached {
  const { result: _result, relativePath: _path, isESM: _module, ...rest } = command;
  return rest as Command.Cached;
}
