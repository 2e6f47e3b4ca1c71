import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../clock.ts';
import type { BridgePolicy } from '../policy/bridge-policy.ts';
import { createAuthenticator } from './auth.ts';
import type { Child, ChildEvents, ChildSurroundings } from './child.ts';
import { childStarter } from './child-starter.ts';
import type { BridgeConfig } from './config.ts';
import { createEndpoint } from './endpoint.ts';
import { createHttpFront } from './http-front.ts';
import { httpClient } from './http-own-client.ts';
import { createIssuerVerifier, type Trust } from './issuer.ts';
import type { Log } from './log.ts';
import { metadata, metadataUrl } from './metadata.ts';
import type { EraMemory } from './modern/era.ts';
import { createStateless } from './modern/stateless.ts';
import { stdioClient } from './own-client.ts';
import { createGuard } from './policy/guard.ts';
import { createRates } from './policy/rates.ts';
import { openSharedSlots } from './policy/shared-slots.ts';
import { createTurns } from './policy/turns.ts';
import { openSharedBucket } from './policy/shared-bucket.ts';
import { createBodyReader } from './read-body.ts';
import { createReadiness } from './readiness.ts';
import { openJournal, type Records } from './records/journal.ts';
import { closeHttpServer, createHttpServer, serverLimits, type ServerLimits } from './server.ts';
import { createShared } from './shared.ts';
import { createSessions } from './sessions.ts';
import type { Started } from './spare.ts';
import { trackStartups } from './startups.ts';
import type { TokenUse } from './token-use.ts';
import { underVigil, type Vigil } from './vigil.ts';

export interface BridgeOptions {
  readonly config: BridgeConfig;
  readonly secrets: ReadonlyMap<string, string>;
  readonly isLive: (tokenId: string) => boolean;
  /** Undefined: no OIDC issuer is trusted. */
  readonly issuer: () => Trust | undefined;
  readonly tokenUse: TokenUse;
  /** What the user may do now. */
  readonly readPolicy: () => BridgePolicy;
  /** A folder that all bridges of the user share; undefined when they have none. */
  readonly userFolder: string | undefined;
  readonly countOomKills: () => number;
  /** Where staying awake for a moment keeps nobody else from running. */
  readonly vigil: Vigil | undefined;
  /** The share of its caps that the container uses. */
  readonly fullness: () => number;
  readonly records: Records;
  readonly eraMemory: EraMemory;
  /** The server fails at every start, and no session is left. */
  readonly onHopeless: () => void;
  /** Ends what servers have left running; called when no session is open. */
  readonly endLeftovers: () => void;
  readonly patience: ChildSurroundings['patience'];
  /** Where others than `serverLimits` are wanted. */
  readonly limits?: Partial<ServerLimits>;
  /** `PATH` of the bridge itself, the only thing its children take over from it. */
  readonly path: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a server's own output goes, line by line. */
  readonly printStderr: Log;
}

export interface Bridge {
  /** Resolves to the port that is listened on. */
  listen(): Promise<number>;
  /** Runs what time demands; called every second while listening. */
  sweep(): void;
  /** Stops listening, ends every server and resolves within 8 seconds. */
  close(): Promise<void>;
}

const sweepMs = 1_000;
const graceMs = 1_500;
/** Bodies being read at once may together hold this many times the bound of one. */
const bodiesAtOnce = 4;

/** Puts the bridge together; nothing runs before `listen`. */
export function createBridge(options: BridgeOptions): Bridge {
  const { config, clock, log, userFolder, vigil } = options;
  const { bounds } = config;
  const journal = openJournal({ ...options.records, config, clock, log });
  const starter = childStarter({ ...options, onUnaskedEnd: journal.restarted });
  const start = vigil ? underVigil(vigil, starter) : starter;
  const shared =
    config.server.sessions === 'shared'
      ? createShared({ clock, memoryBytes: config.memoryBytes, startChild: start })
      : undefined;
  const startups = trackStartups(clock);
  const authenticator = createAuthenticator({
    auth: config.auth,
    isLive: options.isLive,
    issuer: createIssuerVerifier({ trust: options.issuer, clock, log }),
    onUse: options.tokenUse.note,
    clock,
  });
  const { isCurrent } = authenticator;
  const sessions = createSessions({
    config,
    clock,
    log,
    startups,
    startChild: shared?.join ?? start,
    isCurrent,
    fullness: options.fullness,
    onIdle: options.endLeftovers,
  });
  const stateless = createStateless({
    config,
    clock,
    log,
    startups,
    memory: options.eraMemory,
    startServer: shared ? () => startedBy(start, 'stateless') : sessions.startServer,
    isCurrent,
  });
  const readiness = createReadiness({ startups, startChild: start, answerMs: bounds.initializeMs });
  const bodies = createBodyReader(bounds.bodyBytes, bodiesAtOnce * bounds.bodyBytes);
  let policy = options.readPolicy();
  const turns = createTurns({
    // Each request has looked at it before.
    policy: () => policy,
    slots: userFolder === undefined ? undefined : openSharedSlots(userFolder, clock),
  });
  const { http: target } = config.server;
  const guard = createGuard({
    config,
    withOwnClient: target
      ? httpClient(target)
      : stdioClient({
          startServer: shared ? () => startedBy(shared.join, 'lists') : sessions.startServer,
          memory: options.eraMemory,
          clock,
          memoryBytes: config.memoryBytes,
        }),
    readPolicy: () => (policy = options.readPolicy()),
    rates: createRates(userFolder === undefined ? undefined : openSharedBucket(userFolder)),
    turns,
    isCurrent,
    clock,
  });
  const front = target
    ? createHttpFront({
        target,
        config,
        clock,
        log,
        bodies,
        guard,
        startups,
        startChild: start,
        isCurrent,
        onIdle: options.endLeftovers,
      })
    : undefined;
  const sweep = (): void => {
    journal.sweep();
    options.tokenUse.sweep();
    vigil?.sweep();
    for (const kind of guard.takeChanges()) {
      for (const one of front ? [front] : [sessions, stateless]) one.announce(kind);
    }
    turns.sweep();
    if (front) {
      front.sweep();
      if (front.isHopeless) options.onHopeless();
      return;
    }
    sessions.sweep();
    stateless.sweep();
    if (startups.isHopeless && sessions.size + stateless.size === 0) options.onHopeless();
  };
  /** The one that sessions share is theirs until the last has ended. */
  const endServers = async (): Promise<void> => {
    const ended = (front ?? sessions).close(graceMs).then(() => shared?.close());
    await Promise.all([ended, stateless.close(graceMs)]);
  };
  let isClosing = false;
  let sweeper: NodeJS.Timeout | undefined;
  let firstSweep: NodeJS.Immediate | undefined;

  const server = createHttpServer({
    limits: { ...serverLimits, ...options.limits },
    doors: {
      hosts: new Set(config.hosts.map((host) => host.toLowerCase())),
      origins: new Set(config.origins),
    },
    endpoint: createEndpoint({
      authenticator,
      journal,
      sessions,
      stateless,
      startups,
      bodies,
      guard,
      metadataUrl: metadataUrl(config.url),
      forward: front?.forward,
    }),
    metadata: () => metadata(config.url, options.issuer()?.issuer),
    onRequest: () => vigil?.came(),
    readiness: () => (isClosing ? 'closing' : (front ?? readiness).check()),
    log,
  });

  return {
    listen: async () => {
      server.listen(config.listen.port, config.listen.host);
      await once(server, 'listening');
      sweeper = setInterval(sweep, sweepMs);
      // It starts a server ahead, which whoever waits for this port need not wait for.
      firstSweep = setImmediate(sweep);
      return (server.address() as AddressInfo).port;
    },
    sweep,
    close: async () => {
      isClosing = true;
      clearInterval(sweeper);
      clearImmediate(firstSweep);
      options.tokenUse.sweep();
      await Promise.all([closeHttpServer(server, endServers), readiness.close()]);
      journal.close();
    },
  };
}

function startedBy(start: (label: string, events: ChildEvents) => Child, label: string): Started {
  return { label, adopt: (events) => start(label, events) };
}
