import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { onTestFinished, vi } from 'vitest';
import { createBridge, type Bridge } from '../../src/bridge/bridge.ts';
import type { BridgeBounds, BridgeConfig } from '../../src/bridge/config.ts';
import type { Era } from '../../src/bridge/modern/era.ts';
import type { ContainerFigures } from '../../src/bridge/records/container.ts';
import type { AuditLine } from '../../src/records/audit-line.ts';
import { readPolicyFile } from '../../src/bridge/policy/policy-file.ts';
import { openPolicy, type BridgePolicy } from '../../src/policy/bridge-policy.ts';
import { readTrustedIssuer } from '../../src/bridge/issuer.ts';
import { readLiveTokens } from '../../src/bridge/live-tokens.ts';
import { watchFolder } from '../../src/bridge/watched.ts';
import { recordTokenUse, tokenUseFile } from '../../src/bridge/token-use.ts';
import type { TrustedIssuer } from '../../src/policy/trusted-issuer.ts';
import { lastUses } from '../../src/tokens/last-used.ts';
import type { ServerLimits } from '../../src/bridge/server.ts';
import { bridgeConfig } from '../support/bridge-config.ts';
import { unusedPort } from '../support/unused.ts';

export const fixture = new URL('../fixtures/stdio-server.mjs', import.meta.url).pathname;

export interface Claims {
  sub?: string;
  jti?: string;
  aud?: string;
  iss?: string;
  scope?: string;
  /** Seconds from now. */
  expiresIn?: number;
}

export interface CallOptions {
  method?: string;
  path?: string;
  /** Undefined leaves a usual header out. */
  headers?: Record<string, string | undefined>;
  body?: string | Buffer;
  signal?: AbortSignal;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: Buffer;
  text: string;
  /** The body as JSON, or the `data` of each event. */
  json: JsonRpc;
  events: JsonRpc[];
}

export interface JsonRpc {
  id?: string | number | null;
  method?: string;
  params?: { progressToken?: string; progress?: number; [name: string]: unknown };
  result?: {
    protocolVersion?: string;
    content?: { text: string }[];
    [name: string]: unknown;
  };
  error?: { code: number; message: string; data?: Record<string, unknown> };
  [name: string]: unknown;
}

export interface Setup {
  server?: Partial<BridgeConfig['server']>;
  /** Options of the fixture server. */
  options?: string[];
  bounds?: Partial<BridgeBounds>;
  secrets?: Map<string, string>;
  origins?: string[];
  countOomKills?: () => number;
  fullness?: () => number;
  policy?: Partial<BridgePolicy>;
  /** A folder shared with other bridges. */
  userFolder?: string;
  limits?: Partial<ServerLimits>;
  /** Where the bridge keeps its records; undefined: a folder of its own. */
  records?: string;
  readContainer?: () => ContainerFigures;
}

export interface TestBridge {
  bridge: Bridge;
  port: number;
  url: string;
  /** Folder of its records. */
  records: string;
  /** The lines of its audit. */
  audit(): AuditLine[];
  log: string[];
  stderr: string[];
  clock: { now(): number; advance(ms: number): void };
  mint(claims?: Claims, key?: KeyObject): Promise<string>;
  /** `until`: when they end, in ms. */
  setLive(ids: string[], until?: Record<string, number>): void;
  /** Undefined: none. */
  setIssuer(issuer: TrustedIssuer | undefined): void;
  /** When tokens were last used, as written. */
  usedTokens(): Record<string, number>;
  /** Puts another policy in place, as the host does. */
  setPolicy(policy: Partial<BridgePolicy>): void;
  call(options?: CallOptions): Promise<Answer>;
  /** Opens the GET stream of a session, or sends what `options` says, and reads as it comes. */
  stream(session: string, options?: CallOptions): Promise<TestStream>;
  /** Initializes a session and returns its id. */
  open(revision?: string, token?: string): Promise<string>;
  rpc(session: string, message: JsonRpc, options?: CallOptions): Promise<Answer>;
  tool(session: string, name: string, args?: Record<string, unknown>): Promise<Answer>;
  /** The pid of the nth session's server, from the log. */
  pid(session?: number): number;
}

/** Machines that run tests are busy; nothing here is about speed. */
const patienceMs = 15_000;
vi.setConfig({ testTimeout: 20_000 });

const scope = 'tools:read tools:call resources:read prompts:read';

/** A bridge on an ephemeral port in front of the fixture server, gone when the test is. */
export async function startBridge(setup: Setup = {}): Promise<TestBridge> {
  const folder = mkdtempSync(join(tmpdir(), 'bridge-'));
  const keys = generateKeyPairSync('ed25519');
  /** As the host does it. */
  const replace = (name: string, content: string): void => {
    writeFileSync(join(folder, `${name}.new`), content);
    renameSync(join(folder, `${name}.new`), join(folder, name));
  };
  const setLive: TestBridge['setLive'] = (live, ends = {}) =>
    replace('tokens.json', JSON.stringify({ live, until: ends }));
  setLive(['t1', 't2']);
  const setPolicy = (policy: Partial<BridgePolicy>): void =>
    replace('policy.json', JSON.stringify({ ...openPolicy, ...policy }));
  if (setup.policy) setPolicy(setup.policy);
  const log: string[] = [];
  const stderr: string[] = [];
  let now = Date.now();
  let era: Era | undefined;
  const clock = {
    now: () => now,
    advance: (ms: number) => {
      now += ms;
      bridge.sweep();
    },
  };
  const config = createConfig(setup, keys.publicKey, await unusedPort());
  const records = setup.records ?? join(folder, 'records');
  const watch = watchFolder(folder);
  const bridge = createBridge({
    config,
    secrets: setup.secrets ?? new Map(),
    isLive: readLiveTokens(join(folder, 'tokens.json'), clock, watch),
    issuer: readTrustedIssuer(join(folder, 'issuer.json'), watch),
    tokenUse: recordTokenUse(join(folder, tokenUseFile), clock),
    readPolicy: readPolicyFile(join(folder, 'policy.json'), watch),
    userFolder: setup.userFolder,
    countOomKills: setup.countOomKills ?? (() => 0),
    vigil: undefined,
    fullness: setup.fullness ?? (() => 0),
    records: { folder: records, readContainer: setup.readContainer ?? (() => idleContainer) },
    eraMemory: { read: () => era, write: (found) => void (era = found) },
    onHopeless: () => void log.push('hopeless'),
    endLeftovers: () => undefined,
    patience: { eofMs: 300, termMs: 300 },
    limits: setup.limits ?? {},
    path: process.env['PATH'],
    clock,
    log: (line) => void log.push(line),
    printStderr: (line) => void stderr.push(line),
  });
  const port = await bridge.listen();
  onTestFinished(async () => {
    await bridge.close();
    rmSync(folder, { recursive: true });
  });

  const mint = (claims: Claims = {}, key: KeyObject = keys.privateKey): Promise<string> =>
    new SignJWT({ scope: claims.scope ?? scope })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setSubject(claims.sub ?? 'bob')
      .setJti(claims.jti ?? 't1')
      .setAudience(claims.aud ?? config.auth.audience)
      .setIssuer(claims.iss ?? config.auth.issuer)
      .setExpirationTime(Math.floor(clock.now() / 1000) + (claims.expiresIn ?? 1e9))
      .sign(key);
  const token = await mint();
  const call = (options: CallOptions = {}): Promise<Answer> => send(port, token, options);
  const rpc = (session: string, message: JsonRpc, options: CallOptions = {}): Promise<Answer> =>
    call({
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      ...options,
      headers: { 'mcp-session-id': session, ...options.headers },
    });
  let ids = 0;
  return {
    bridge,
    records,
    audit: () => readAudit(records),
    port,
    url: `http://127.0.0.1:${port}/mcp`,
    log,
    stderr,
    clock,
    mint,
    setLive,
    setIssuer: (issuer) => replace('issuer.json', JSON.stringify(issuer) ?? ''),
    usedTokens: () => Object.fromEntries(lastUses([folder])),
    setPolicy,
    call,
    rpc,
    stream: (session, options = {}) =>
      openStream(port, token, {
        ...options,
        headers: { 'mcp-session-id': session, ...options.headers },
      }),
    open: async (revision = '2025-11-25', as) => {
      const answer = await call({
        body: JSON.stringify(initialize(revision)),
        ...(as === undefined ? {} : { headers: { authorization: `Bearer ${as}` } }),
      });
      const id = answer.headers['mcp-session-id'];
      if (typeof id !== 'string') throw new Error(`no session: ${answer.status} ${answer.text}`);
      return id;
    },
    tool: (session, name, args) => {
      ids += 1;
      return rpc(session, toolCall(ids, name, args));
    },
    pid: (session = 1) => {
      const line = log.find((one) => one.startsWith(`session ${session}: started`)) ?? '';
      return Number(/pid (\d+)/.exec(line)?.[1]);
    },
  };
}

const idleContainer = { cpuSeconds: 0, memoryBytes: 0, memoryPeakBytes: 0, oomKills: 0 };

/** The lines of the current file. */
export function readAudit(folder: string): AuditLine[] {
  const lines = readFileSync(join(folder, 'audit.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditLine);
}

export function toolCall(id: number, name: string, args: Record<string, unknown> = {}): JsonRpc {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

export function initialize(protocolVersion: string): JsonRpc {
  const clientInfo = { name: 'test', version: '1' };
  return {
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion, capabilities: {}, clientInfo },
  };
}

/** Sends one request on a connection of its own and reads the whole answer. */
export function send(port: number, token: string, options: CallOptions): Promise<Answer> {
  const { method = 'POST', path = '/mcp', body, signal } = options;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json, text/event-stream',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: given(headers),
        agent: false,
        ...(signal ? { signal } : {}),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          const isStream = response.headers['content-type'] === 'text/event-stream';
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text,
            json: isJson ? (JSON.parse(text) as JsonRpc) : {},
            events: isStream
              ? parseEvents(text).map(({ data }) => JSON.parse(data) as JsonRpc)
              : [],
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

export interface TestEvent {
  id: string | undefined;
  data: string;
}

/** The complete events in what a stream has said so far; comments are left out. */
export function parseEvents(text: string): TestEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .filter((block) => block.includes('data: '))
    .map((block) => ({
      id: /^id: (.*)$/m.exec(block)?.[1],
      data: block.slice(block.indexOf('data: ') + 6),
    }));
}

export interface TestStream {
  status: number;
  headers: IncomingHttpHeaders;
  /** Everything said so far. */
  text(): string;
  /** Resolves with the events once there are so many. */
  events(count: number): Promise<TestEvent[]>;
  /** Resolves when the stream is over, whoever ended it. */
  closed: Promise<void>;
  destroy(): void;
}

function given(headers: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(headers).filter((entry) => entry[1] !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Opens a request whose answer is read as it comes. */
function openStream(port: number, token: string, options: CallOptions): Promise<TestStream> {
  const { method = 'GET', path = '/mcp', body } = options;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers: given(headers), agent: false },
      (response) => {
        let text = '';
        const closed = new Promise<void>((done) => response.on('close', done));
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', () => {});
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: () => text,
          events: async (count) => {
            await until(() => parseEvents(text).length >= count);
            return parseEvents(text);
          },
          closed,
          destroy: () => request.destroy(),
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Waits until something holds; fails when the test's time is nearly up. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(holds, { timeout: patienceMs, interval: 5 });
}

/** Waits until a session's request is in flight: its id cannot be used a second time. */
export async function untilInFlight(
  { rpc }: TestBridge,
  session: string,
  id: string | number,
): Promise<void> {
  await until(async () => (await rpc(session, { id, method: 'ping' })).status === 400);
}

/** Whether a process runs; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function createConfig(setup: Setup, key: KeyObject, port: number): BridgeConfig {
  return bridgeConfig({
    port,
    key,
    server: { argv: [process.execPath, fixture, ...(setup.options ?? [])], ...setup.server },
    bounds: setup.bounds,
    // Clients come by the address that the host publishes.
    other: { url: 'http://127.0.0.1:20000/mcp', origins: setup.origins ?? [] },
  });
}
