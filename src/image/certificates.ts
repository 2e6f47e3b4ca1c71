import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { UsageError } from '../errors.ts';

/** PEM text of the certificates that images trust besides Node's own list; empty when there are none. */
export async function extraCertificates(paths: readonly string[]): Promise<string> {
  const texts = await Promise.all(paths.map(readSetting));
  return join(texts);
}

/**
 * PEM text of what this host trusts: its bundle, `NODE_EXTRA_CA_CERTS`, and the extra ones. A build
 * needs no less than the host to reach the same registry. Never empty.
 */
export async function hostCertificates(env: NodeJS.ProcessEnv, extra: string): Promise<string> {
  const own = env['NODE_EXTRA_CA_CERTS'];
  const bundles = await Promise.all(bundlePaths.map(readIfThere));
  const bundle = bundles.find((text) => text !== '') ?? rootCertificates.join('\n');
  const added = own && !bundlePaths.includes(own) ? await readIfThere(own) : '';
  return join([bundle, added, extra]);
}

/** Debian, Fedora, Alpine. */
const bundlePaths = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

async function readSetting(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`Can’t read ${path}, named by the setting extraCaCertificates.`, {
      code: 'CA_CERTIFICATE',
      suggestions: ['mcpd config get extraCaCertificates', 'mcpd config set extraCaCertificates …'],
      cause,
    });
  }
}

function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

function join(texts: readonly string[]): string {
  return texts
    .filter((text) => text.trim() !== '')
    .map((text) => `${text.trimEnd()}\n`)
    .join('');
}
