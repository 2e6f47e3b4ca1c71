// The least that makes a server: three calls of the engine's API, and an MCP handshake until it is
// answered. Plain JavaScript, so that a run of it costs what it does and nothing else.
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const { name, network, container, port, token } = JSON.parse(await text(process.stdin));

await engine('/networks/create', network);
await engine(`/containers/create?name=${name}`, container);
await engine(`/containers/${name}/start`);
while (!(await isReady())) await delay(5);

async function engine(path, body) {
  const call = { socketPath: '/var/run/docker.sock', path: `/v1.41${path}`, method: 'POST' };
  const answer = await send(call, body);
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status} ${answer.body}`);
}

async function isReady() {
  try {
    const initialize = await mcp('POST', undefined, {
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'raw', version: '1' },
      },
    });
    if (initialize.status !== 200) return false;
    await mcp('POST', initialize.session, { method: 'notifications/initialized' });
    const list = await mcp('POST', initialize.session, { id: 2, method: 'tools/list' });
    await mcp('DELETE', initialize.session);
    return list.status === 200;
  } catch {
    return false;
  }
}

function mcp(method, session, message) {
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    ...(session && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
  };
  const call = { host: '127.0.0.1', port, path: '/mcp', method, headers, agent: false };
  return send(call, message && { jsonrpc: '2.0', ...message });
}

function send(options, body) {
  return new Promise((resolve, reject) => {
    const headers = { ...options.headers, 'content-type': 'application/json' };
    const outgoing = request({ ...options, headers }, async (response) => {
      const session = response.headers['mcp-session-id'];
      resolve({ status: response.statusCode, session, body: await text(response) });
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}
