import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, ping } from '../../../../src/engine/docker/client.ts';
import { EngineUnreachableError } from '../../../../src/errors.ts';

let folder: string;
let server: Server;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcpd-client-'));
});
afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function listen(created: Server, path?: string): Promise<void> {
  server = created;
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
}
const port = () => (server.address() as AddressInfo).port;

/** Answers a ping as an engine does. */
const engine = () => createHttpServer((_request, response) => response.end('OK'));

test('connects to the socket that DOCKER_HOST names', async () => {
  const path = join(folder, 'engine.sock');
  await listen(engine(), path);
  await expect(connect({ DOCKER_HOST: `unix://${path}` })).resolves.toBeInstanceOf(Docker);
});

test('reaches an engine through the user’s own ssh', async () => {
  const path = join(folder, 'engine.sock');
  await listen(engine(), path);
  const script = `#!${process.execPath}
    const socket = require('node:net').connect(${JSON.stringify(path)});
    process.stdin.pipe(socket).pipe(process.stdout);`;
  await writeFile(join(folder, 'ssh'), script, { mode: 0o755 });
  const env = { PATH: folder, DOCKER_HOST: 'ssh://bob@engine' };
  await expect(connect(env)).resolves.toBeInstanceOf(Docker);
});

test('shows what ssh complains about', async () => {
  await listen(createServer());
  const script = '#!/bin/sh\necho "Host key verification failed." >&2\nexit 255\n';
  await writeFile(join(folder, 'ssh'), script, { mode: 0o755 });
  const error = await connect({ PATH: folder, DOCKER_HOST: 'ssh://engine' }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(EngineUnreachableError);
  expect((error as Error).message).toContain('Host key verification failed.');
});

test('says so when there is no ssh', async () => {
  await listen(createServer());
  const connecting = connect({ PATH: folder, DOCKER_HOST: 'ssh://engine' });
  await expect(connecting).rejects.toThrow('Can’t run ssh.');
});

test('an engine that accepts but never answers is given up', async () => {
  await listen(createServer((socket) => socket.on('error', () => undefined)));
  const docker = new Docker({ host: '127.0.0.1', port: port(), protocol: 'http' });
  await expect(ping(docker, 50)).rejects.toThrow(EngineUnreachableError);
});

test('something that is no engine is told apart from nothing at all', async () => {
  await listen(
    createHttpServer((_request, response) => {
      response.statusCode = 404;
      response.end();
    }),
  );
  const connecting = connect({ DOCKER_HOST: `tcp://127.0.0.1:${port()}` });
  await expect(connecting).rejects.toThrow(/no container engine/);
});

test('nobody at the socket is an unreachable engine', async () => {
  await listen(createServer());
  const connecting = connect({ DOCKER_HOST: `unix://${join(folder, 'nobody.sock')}` });
  await expect(connecting).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE', exitCode: 5 });
});
