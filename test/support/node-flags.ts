import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The flags that an image starts Node with for its bridge, from the image's own recipe. */
export function bridgeNodeFlags(): string[] {
  const recipe = readFileSync(join(import.meta.dirname, '../../Dockerfile.mcp'), 'utf8');
  const argv = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(recipe)?.[1] ?? '[]') as string[];
  return argv.filter((argument) => argument.startsWith('--'));
}
