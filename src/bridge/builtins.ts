/**
 * Node's larger modules, without `import`: an ES module import reads every export of a built-in, and
 * some of those load much more when read (undici behind `http.WebSocket`, all of Web Crypto). It would
 * double the time to start and add megabytes to every tenant.
 */
export const {
  Agent,
  createServer,
  request: sendRequest,
  ServerResponse: PlainResponse,
} = process.getBuiltinModule('node:http');

/** It takes a third of what the bridge's own start takes, and nothing needs it before the first request. */
const crypto = lazily(() => process.getBuiltinModule('node:crypto'));

export function randomBytes(size: number): Buffer {
  return crypto().randomBytes(size);
}

export function hash(algorithm: string, text: string, encoding: 'base64' | 'base64url'): string {
  return crypto().hash(algorithm, text, encoding);
}

/** Loads what was put off. */
export function loadAll(): void {
  crypto();
}

/** A value that is made when it is asked for first. */
export function lazily<Value>(load: () => Value): () => Value {
  let loaded: Value | undefined;
  return () => (loaded ??= load());
}
