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
export const { hash, randomBytes } = process.getBuiltinModule('node:crypto');
