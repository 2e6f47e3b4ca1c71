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

// Nothing needs these before the bridge listens, and they take a third of its own start.
export const childProcess = lazily(() => process.getBuiltinModule('node:child_process'));
const crypto = lazily(() => process.getBuiltinModule('node:crypto'));

export function randomBytes(size: number): Buffer {
  return crypto().randomBytes(size);
}

export function hash(algorithm: string, text: string, encoding: 'base64' | 'base64url'): string {
  return crypto().hash(algorithm, text, encoding);
}

/** Loads what was put off. */
export function loadAll(): void {
  childProcess();
  crypto();
}

/** A value that is made when it is asked for first. */
export function lazily<Value>(load: () => Value): () => Value {
  let loaded: Value | undefined;
  return () => (loaded ??= load());
}
