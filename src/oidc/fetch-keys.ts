import * as z from 'zod';
import { McpdError, UnhealthyError } from '../errors.ts';
import { issuerAlgorithms, type IssuerKey } from '../policy/trusted-issuer.ts';
import { isSafeAddress } from '../policy/web-address.ts';

const timeoutMs = 5_000;
const mostBytes = 256 * 1024;
const mostKeys = 64;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** A public key for signatures; members that aren't named, such as private ones, are left out. */
const signatureKey = z.object({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  use: z.literal('sig').optional(),
  kid: z.string().max(256).optional(),
  alg: z.enum(issuerAlgorithms).optional(),
  crv: z.string().max(32).optional(),
  n: z.string().max(4096).optional(),
  e: z.string().max(64).optional(),
  x: z.string().max(256).optional(),
  y: z.string().max(256).optional(),
});

/**
 * The keys that an issuer signs with now, found by its discovery document. Throws UnhealthyError
 * ISSUER_UNREACHABLE when it doesn't answer in 5 seconds, ISSUER_INVALID when what it says can't be used.
 */
export async function fetchIssuerKeys(issuer: string, signal: AbortSignal): Promise<IssuerKey[]> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const get = (url: string) => getJson(issuer, url, limit);
  const base = issuer.replace(/\/$/, '');
  const found = discovery.safeParse(await get(`${base}/.well-known/openid-configuration`));
  if (!found.success) throw invalid(issuer, 'its discovery document names no issuer and keys');
  if (found.data.issuer !== issuer) throw invalid(issuer, `it calls itself ${found.data.issuer}`);
  const { jwks_uri: keysUrl } = found.data;
  if (!isSafeAddress(keysUrl)) throw invalid(issuer, `its keys are at ${keysUrl}, without TLS`);
  const set = keySet.safeParse(await get(keysUrl));
  if (!set.success) throw invalid(issuer, 'its keys are no JSON Web Key Set');
  const keys = set.data.keys.slice(0, mostKeys).flatMap((key) => {
    const usable = signatureKey.safeParse(key);
    return usable.success ? [usable.data] : [];
  });
  if (keys.length === 0) throw invalid(issuer, 'none of its keys is a public one for signatures');
  return keys;
}

async function getJson(issuer: string, url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const headers = { Accept: 'application/json' };
    const response = await fetch(url, { signal, headers, redirect: 'error' });
    if (!response.ok) throw invalid(issuer, `${url} answers ${response.status}`);
    return JSON.parse(await readText(response, issuer));
  } catch (error) {
    if (error instanceof McpdError) throw error;
    if (error instanceof SyntaxError) throw invalid(issuer, `${url} is no JSON`);
    throw new UnhealthyError(`The issuer ${issuer} did not answer at ${url}.`, {
      code: 'ISSUER_UNREACHABLE',
      suggestions: ['mcpd oidc refresh, when it answers again', 'mcpd config get oidc.issuer'],
      cause: error,
    });
  }
}

async function readText(response: Response, issuer: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw invalid(issuer, `${response.url} is larger than 256 KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function invalid(issuer: string, reason: string): UnhealthyError {
  return new UnhealthyError(`The issuer ${issuer} can't be used: ${reason}.`, {
    code: 'ISSUER_INVALID',
    suggestions: ['mcpd config get oidc.issuer'],
  });
}
