import { createHash } from 'node:crypto';
import { unbuilt, type Version } from '../registry/versions.ts';
import { parseNpmSpec } from '../templates/npm-spec.ts';

/** A version for people, `2026.8.31-3fa2b1c`: of its package, if a registry has it, and of all it is made from. */
export function versionLabel(version: Version): string {
  const { source, folder } = version.template;
  const spec = 'npm' in source ? parseNpmSpec(source.npm, folder) : undefined;
  const named = spec?.kind === 'registry' ? [spec.version] : [];
  return version.image === unbuilt
    ? [...named, unbuilt].join(', ')
    : [...named, versionDigest(version).slice(0, 7)].join('-');
}

/** The same for versions that differ in nothing: where a template's folder is says nothing of what is in it. */
export function versionDigest({
  template: { folder: _folder, ...template },
  image,
}: Version): string {
  return createHash('sha256')
    .update(JSON.stringify([template, image]))
    .digest('hex');
}
