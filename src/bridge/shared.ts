import type { Clock } from '../clock.ts';
import { fieldOf, parseJson } from '../mcp/body.ts';
import { edit, findValue } from '../mcp/edit.ts';
import { readEnvelope, type Envelope } from '../mcp/envelope.ts';
import type { RequestId } from '../mcp/jsonrpc.ts';
import type { Child, ChildEvents } from './child.ts';
import type { Ending } from './ending.ts';
import { readdress } from './modern/incoming.ts';
import { Upstream } from './modern/upstream.ts';

interface SharedOptions {
  readonly clock: Clock;
  readonly memoryBytes: number;
  readonly startChild: (label: string, events: ChildEvents) => Child;
}

/** A session's part of the server. */
interface Member {
  readonly events: ChildEvents;
  /** Numbers at the server of its requests in flight, by their own ids. */
  readonly numbers: Map<RequestId, number>;
  readonly ended: PromiseWithResolvers<void>;
  isOver: boolean;
}

/** Shared by all sessions while its process lives. */
interface Server {
  readonly upstream: Upstream;
  /** What it answered to the first `initialize`, which is every session's answer. */
  introduction: Promise<Buffer> | undefined;
  isInitialized: boolean;
}

/**
 * One server for all sessions, for templates that say that this is safe. Each session gets what looks like
 * a process of its own: its ids are its own, it is introduced by itself, and its end ends nobody else's
 * work. The server starts with the first session and stays.
 */
export function createShared(options: SharedOptions): {
  join: (label: string, events: ChildEvents) => Child;
  close: () => Promise<void>;
} {
  const members = new Set<Member>();
  const paused = new Set<Member>();
  let server: Server | undefined;

  const finish = (member: Member, ending: Ending): void => {
    if (member.isOver) return;
    member.isOver = true;
    members.delete(member);
    paused.delete(member);
    member.events.onEnd(ending);
    member.ended.resolve();
  };

  const start = (label: string): Server => {
    const upstream = new Upstream({
      startChild: (events) => options.startChild(label, events),
      clock: options.clock,
      // Sessions watch over their requests themselves.
      requestMs: Number.POSITIVE_INFINITY,
      memoryBytes: options.memoryBytes,
      onUnrelated: (envelope, line) => publish(members, envelope, line),
      onEnd: (ending) => {
        server = undefined;
        for (const member of members) finish(member, ending);
      },
    });
    return { upstream, introduction: undefined, isInitialized: false };
  };

  return {
    join: (label, events) => {
      const shared = (server ??= start(label));
      const { upstream } = shared;
      const member: Member = {
        events,
        numbers: new Map(),
        ended: Promise.withResolvers(),
        isOver: false,
      };
      members.add(member);
      const release = (): void => {
        paused.delete(member);
        if (paused.size === 0) upstream.child.resume();
      };
      return {
        get pid() {
          return upstream.child.pid;
        },
        write: (line) => pass(shared, member, line),
        get backlog() {
          return upstream.child.backlog;
        },
        drained: () => upstream.child.drained(),
        pause: () => {
          paused.add(member);
          upstream.child.pause();
        },
        resume: release,
        stop: (cause) => {
          for (const number of member.numbers.values())
            upstream.cancel(number, 'its session ended');
          release();
          finish(member, { cause, stderr: [] });
          return member.ended.promise;
        },
        ended: member.ended.promise,
      };
    },
    close: async () => server?.upstream.end('the bridge is shutting down'),
  };
}

/** Passes on what a session sends. */
function pass(server: Server, member: Member, line: Buffer): void {
  const envelope = readEnvelope(line);
  const method = envelope && 'method' in envelope ? envelope.method : undefined;
  if (envelope?.kind === 'request' && method === 'initialize') void introduce(server, member, line);
  else if (envelope?.kind === 'request') send(server.upstream, member, envelope, line);
  else if (method === 'notifications/cancelled') cancel(server.upstream, member, line);
  else if (method !== 'notifications/initialized') server.upstream.write(line);
  else if (!server.isInitialized) {
    server.isInitialized = true;
    server.upstream.write(line);
  }
}

function send(
  upstream: Upstream,
  member: Member,
  { method, id, idText }: Extract<Envelope, { kind: 'request' }>,
  line: Buffer,
): void {
  const number = upstream.send({
    method,
    line,
    idText,
    onResponse: (response, failure) => {
      member.numbers.delete(id);
      // When the server is gone, the session's end says so.
      if (!failure) deliver(member, response);
    },
    onNotification: (notification) => deliver(member, notification),
  });
  member.numbers.set(id, number);
}

/** The server is introduced once; the others get the answer that the first one got. */
async function introduce(server: Server, member: Member, line: Buffer): Promise<void> {
  const id = findValue(line, ['id']);
  const idText = id ? line.toString('utf8', id.from, id.to) : 'null';
  server.introduction ??= new Promise((resolve) => {
    const onNotification = (): void => undefined;
    server.upstream.send({
      method: 'initialize',
      line,
      idText,
      onResponse: resolve,
      onNotification,
    });
  });
  const response = await server.introduction;
  // A refusal is no introduction.
  if (!findValue(response, ['result'])) server.introduction = undefined;
  deliver(member, readdress(response, idText));
}

/** The session answers a cancelled request: its server owes it nothing, and what comes late would meet the next one of that id. */
function cancel(upstream: Upstream, member: Member, line: Buffer): void {
  const id = fieldOf(fieldOf(parseJson(line), 'params'), 'requestId') as RequestId;
  const number = member.numbers.get(id);
  const span = findValue(line, ['params', 'requestId']);
  if (number === undefined || !span) return;
  member.numbers.delete(id);
  upstream.forget(number);
  upstream.write(edit(line, [{ span, json: String(number) }]));
}

/** What names no request goes to every session; a request of the server to the one that was active last. */
function publish(members: ReadonlySet<Member>, envelope: Envelope, line: Buffer): void {
  if (envelope.kind !== 'request') return members.forEach((member) => deliver(member, line));
  const all = [...members];
  const asker = all.findLast(({ numbers }) => numbers.size > 0) ?? all.at(-1);
  if (asker) deliver(asker, line);
}

function deliver(member: Member, line: Buffer): void {
  if (!member.isOver) member.events.onLine(line);
}
