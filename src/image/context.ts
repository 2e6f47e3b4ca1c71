import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../config/schema.ts';
import { NotFoundError, RefusedError } from '../errors.ts';
import { parseNpmSpec } from '../templates/npm-spec.ts';
import { packageFolder } from '../templates/program.ts';
import type { Template } from '../templates/schema.ts';
import type { Entry } from './entries.ts';
import { extraCertificates } from './certificates.ts';

/** Package root: Dockerfile.mcp, templates/, dist/bridge.cjs. */
export interface Assets {
  readonly root: string;
}

/** Everything that decides what an image contains, but its base. See Dockerfile.mcp for the layout. */
export interface BuildContext {
  readonly entries: readonly Entry[];
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** In the image: the certificates that the host's settings add to those that Node trusts. */
export const extraCertificatesPath = '/opt/mcpd/ca.crt';

export const dockerfileName = 'Dockerfile.mcp';

/** Reads what the image of a template is built from. Builds nothing. */
export async function buildContext(
  template: Template,
  config: HostConfig,
  assets: Assets,
): Promise<BuildContext> {
  const [dockerfile, app, extra] = await Promise.all([
    readFile(join(assets.root, dockerfileName), 'utf8'),
    appFiles(template),
    extraCertificates(config.extraCaCertificates),
  ]);
  return {
    entries: [
      {
        type: 'file',
        path: dockerfileName,
        content: app.locked ? dockerfile : unlocked(dockerfile),
      },
      { type: 'file', path: 'mcpd/bridge.cjs', content: await readBridge(assets) },
      { type: 'file', path: 'mcpd/ca.crt', content: extra },
      ...app.entries,
    ],
    buildArgs: {
      TEMPLATE: template.name,
      PROJECT: app.project,
      EXTRA_CA: extra === '' ? '' : extraCertificatesPath,
    },
  };
}

interface App {
  readonly entries: readonly Entry[];
  /** Folder in the builder where npm installs. */
  readonly project: string;
  readonly locked: boolean;
}

async function appFiles(template: Template): Promise<App> {
  const { source, folder } = template;
  const project = packageFolder(template);
  const spec = 'npm' in source ? parseNpmSpec(source.npm, folder) : undefined;
  if (spec === undefined || project === undefined) {
    throw new RefusedError(
      `The template ${template.name} names an OCI image, which mcpd can’t run yet.`,
      {
        code: 'IMAGE_SOURCE_UNSUPPORTED',
        suggestions: ['use a template with an npm package'],
      },
    );
  }
  if (spec.kind === 'registry') return registryApp(template, spec);
  const prefix = project.replace('/opt/mcp', 'app');
  await requirePath(template, spec.path);
  const { folderEntries, tarballEntries } = await import('./package-files.ts');
  const files = spec.kind === 'folder' ? folderEntries : tarballEntries;
  const entries = await files(spec.path, prefix);
  const locked = entries.some(({ path }) => lockFiles.some((name) => path === `${prefix}/${name}`));
  return { entries, project, locked };
}

/** The template's own package.json and lock file, or a package.json that asks for just the package. */
async function registryApp(
  { folder, name }: Template,
  spec: { name: string; version: string },
): Promise<App> {
  const [manifest, lock] = await Promise.all([
    readIfThere(join(folder, 'package.json')),
    readIfThere(join(folder, 'package-lock.json')),
  ]);
  const made = {
    name: `mcpd-template-${name}`,
    private: true,
    dependencies: { [spec.name]: spec.version },
  };
  const locked = manifest !== undefined && lock !== undefined;
  return {
    entries: [
      { type: 'file', path: 'app/package.json', content: manifest ?? JSON.stringify(made) },
      ...(locked ? [{ type: 'file' as const, path: 'app/package-lock.json', content: lock }] : []),
    ],
    project: '/opt/mcp',
    locked,
  };
}

const lockFiles = ['package-lock.json', 'npm-shrinkwrap.json'];

// `npm ci` refuses to run without a lock file.
function unlocked(dockerfile: string): string {
  return dockerfile.replace('"ci"', '"install"');
}

async function readBridge({ root }: Assets): Promise<Buffer> {
  const path = join(root, 'dist/bridge.cjs');
  try {
    return await readFile(path);
  } catch (cause) {
    throw new NotFoundError(`${path} is missing.`, {
      code: 'BRIDGE_NOT_BUILT',
      suggestions: ['npm run build'],
      cause,
    });
  }
}

async function requirePath({ folder }: Template, path: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    throw new NotFoundError(
      `${path}, the source of ${join(folder, 'template.json')}, is not there.`,
      {
        code: 'TEMPLATE_SOURCE_NOT_FOUND',
        suggestions: ['Mend `source` in template.json, or put it there.'],
        cause,
      },
    );
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
