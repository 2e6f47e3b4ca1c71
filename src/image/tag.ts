import { createHash } from 'node:crypto';
import { hashEntries } from './entries.ts';
import type { BuildContext } from './context.ts';

/**
 * `mcpd/<template>:<12 hex>` over everything that decides the image's contents: Dockerfile, package
 * files, bridge, certificates and base. What a build merely trusts or goes through is not in it.
 */
export async function imageTag(
  template: string,
  context: BuildContext,
  baseIdentity: string,
): Promise<string> {
  const parts = [baseIdentity, context.buildArgs, await hashEntries(context.entries)];
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `mcpd/${template}:${hash.slice(0, 12)}`;
}
