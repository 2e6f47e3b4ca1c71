import { execFileSync, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type Docker from 'dockerode';

/** An image with nothing but this Node and its libraries, imported from the host; gives its id. */
export async function importNodeImage(docker: Docker): Promise<string> {
  const node = process.execPath;
  const libraries = [
    ...execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g),
  ].map(([, path = '']) => path);
  const tar = spawn('tar', [
    '--dereference',
    `--transform=s|^${node.slice(1)}$|usr/bin/node|`,
    '-cf',
    '-',
    '-C',
    '/',
    ...[node, ...libraries].map((path) => path.slice(1)),
  ]);
  const answer = await docker.importImage(tar.stdout, {
    changes: ['ENTRYPOINT ["/usr/bin/node"]'],
  });
  const id = /sha256:[0-9a-f]{64}/.exec(await text(answer))?.[0];
  if (!id) throw new Error('the engine imported no image');
  return id;
}

/**
 * Runs in a tenant's container: answers over its published port what it can reach. `/tcp?host=&port=`
 * tries one connection, `/hold?host=&port=` opens one and keeps it, `/send` writes on that one and waits
 * for the echo.
 */
export const probeAgent = `
const net = require('node:net');
let held;
const within = (promise) => Promise.race([promise, new Promise((r) => setTimeout(r, 800, 'timeout'))]);
const dial = (host, port) => new Promise((resolve) => {
  const socket = net.connect(port, host, () => resolve(socket));
  socket.on('error', (error) => resolve(error.code));
});
const routes = {
  async tcp({ host, port }) {
    const answer = await within(dial(host, Number(port)));
    if (typeof answer === 'string') return answer;
    answer.destroy();
    return 'connected';
  },
  async hold({ host, port }) {
    held = await within(dial(host, Number(port)));
    return typeof held === 'string' ? held : 'connected';
  },
  async send() {
    const echo = new Promise((resolve) => held.once('data', () => resolve('echoed')));
    held.write('x');
    return within(echo);
  },
};
require('node:http').createServer(async (request, response) => {
  const url = new URL(request.url, 'http://probe');
  const route = routes[url.pathname.slice(1)];
  response.end(route ? await route(Object.fromEntries(url.searchParams)) : 'ready');
}).listen(8080);
`;
