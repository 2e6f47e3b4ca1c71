import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { resolveEndpoint } from '../../../../src/engine/docker/endpoint.ts';
import { UsageError } from '../../../../src/errors.ts';

const homeFolder = '/home/bob';

function resolve(env: NodeJS.ProcessEnv, files: Record<string, string> = {}) {
  const contents = new Map(Object.entries(files));
  return resolveEndpoint({
    env,
    homeFolder,
    read: (path) => contents.get(path),
    exists: (path) => contents.has(path),
  });
}

function contextFiles(name: string, host: string, folder = '/home/bob/.docker') {
  const key = createHash('sha256').update(name).digest('hex');
  return {
    [`${folder}/contexts/meta/${key}/meta.json`]: JSON.stringify({
      Name: name,
      Endpoints: { docker: { Host: host } },
    }),
  };
}

test('without any setting, the engine is at its default socket', () => {
  expect(resolve({})).toEqual({ kind: 'socket', path: '/var/run/docker.sock' });
});

test('the socket of Docker Desktop is preferred when it is there', () => {
  const desktop = '/home/bob/.docker/run/docker.sock';
  expect(resolve({}, { [desktop]: '' })).toEqual({ kind: 'socket', path: desktop });
});

test.each([
  ['unix:///run/user/1000/docker.sock', { kind: 'socket', path: '/run/user/1000/docker.sock' }],
  ['tcp://10.0.0.1:2375', { kind: 'tcp', host: '10.0.0.1', port: 2375, tls: undefined }],
  ['tcp://engine', { kind: 'tcp', host: 'engine', port: 2375, tls: undefined }],
  ['ssh://bob@engine:2222', { kind: 'ssh', address: 'ssh://bob@engine:2222' }],
])('DOCKER_HOST=%s is understood', (address, endpoint) => {
  expect(resolve({ DOCKER_HOST: address })).toEqual(endpoint);
});

test('DOCKER_TLS_VERIFY takes the certificates of DOCKER_CERT_PATH and the secure port', () => {
  const env = { DOCKER_HOST: 'tcp://engine', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
  expect(resolve(env)).toEqual({ kind: 'tcp', host: 'engine', port: 2376, tls: '/certs' });
});

test('the current context of the docker CLI is followed', () => {
  const files = {
    '/home/bob/.docker/config.json': '{"currentContext":"lab"}',
    ...contextFiles('lab', 'unix:///lab.sock'),
  };
  expect(resolve({}, files)).toEqual({ kind: 'socket', path: '/lab.sock' });
});

test('DOCKER_HOST wins over DOCKER_CONTEXT, which wins over the current context', () => {
  const files = {
    '/etc/docker-cli/config.json': '{"currentContext":"lab"}',
    ...contextFiles('lab', 'unix:///lab.sock', '/etc/docker-cli'),
    ...contextFiles('desk', 'unix:///desk.sock', '/etc/docker-cli'),
  };
  const env = { DOCKER_CONFIG: '/etc/docker-cli', DOCKER_CONTEXT: 'desk' };
  expect(resolve(env, files)).toEqual({ kind: 'socket', path: '/desk.sock' });
  expect(resolve({ ...env, DOCKER_HOST: 'unix:///host.sock' }, files)).toEqual({
    kind: 'socket',
    path: '/host.sock',
  });
  expect(resolve({ ...env, DOCKER_CONTEXT: 'default' }, files)).toEqual({
    kind: 'socket',
    path: '/var/run/docker.sock',
  });
});

test.each([
  ['an address without a scheme we know', { DOCKER_HOST: 'ftp://engine' }, {}],
  ['an empty socket path', { DOCKER_HOST: 'unix://' }, {}],
  ['a context that does not exist', { DOCKER_CONTEXT: 'gone' }, {}],
  ['a config file that is no JSON', {}, { '/home/bob/.docker/config.json': '{' }],
])('%s is a usage error', (_what, env, files) => {
  expect(() => resolve(env, files)).toThrow(UsageError);
});
