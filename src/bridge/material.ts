import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BridgeConfig } from './config.ts';

/** What the host laid down for this bridge. */
export interface Material {
  readonly config: BridgeConfig;
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Reads a run-time directory. A declared secret without a file is one its user has not set; throws an
 * Error naming the file when anything else is missing, unreadable or of another version.
 */
export function readMaterial(folder: string): Material {
  const config = JSON.parse(readText(join(folder, 'bridge.json'))) as BridgeConfig;
  if (config.schema !== 1) throw new Error(`bridge.json has schema ${config.schema}, not 1`);
  const secrets = new Map<string, string>();
  for (const name of config.server.secrets) {
    const file = join(folder, 'secrets', name);
    if (existsSync(file)) secrets.set(name, readText(file));
  }
  return { config, secrets };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Error(`${file} cannot be read (${code})`, { cause: error });
  }
}
