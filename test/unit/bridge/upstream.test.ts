import { expect, test } from 'vitest';
import type { Child, ChildEvents } from '../../../src/bridge/child.ts';
import { Upstream, type Call } from '../../../src/bridge/modern/upstream.ts';

interface Fake {
  readonly upstream: Upstream;
  readonly written: string[];
  say(line: string): void;
  end(): void;
}

/** An upstream whose server is this test. */
function start(): Fake {
  const written: string[] = [];
  let events: ChildEvents | undefined;
  const child: Child = {
    pid: 1,
    write: (line) => void written.push(line.toString()),
    backlog: 0,
    drained: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    stop: () => Promise.resolve(),
    ended: Promise.resolve(),
  };
  const upstream = new Upstream({
    startChild: (given) => {
      events = given;
      return child;
    },
    clock: { now: () => 0 },
    requestMs: 1000,
    memoryBytes: 0,
    onUnrelated: () => undefined,
    onEnd: () => undefined,
  });
  return {
    upstream,
    written,
    say: (line) => events?.onLine(Buffer.from(line)),
    end: () => events?.onEnd({ cause: { kind: 'exit', code: 3 }, stderr: [] }),
  };
}

function call(line: string, idText: string, heard: string[]): Call {
  const method = 'tools/call';
  const onNotification = (notification: Buffer): void => void heard.push(notification.toString());
  const onResponse = (response: Buffer): void => void heard.push(response.toString());
  return { method, line: Buffer.from(line), idText, onNotification, onResponse };
}

test('only id and progress token change on the way in, and change back on the way out', () => {
  const { upstream, written, say } = start();
  const heard: string[] = [];
  const line = (id: string, token: string): string =>
    `{ "id" : ${id}, "x":12345678901234567890, "params":{"_meta":{"progressToken":${token}, "a":1.0}} }`;
  upstream.send(call(line('"a"', '"t"'), '"a"', heard));
  upstream.send(call(line('"a"', '"t"'), '"a"', heard));
  expect(written).toEqual([line('1', '1'), line('2', '2')]);
  say('{"method":"notifications/progress","params":{"progress":1e0,"progressToken":2}}');
  say('{"jsonrpc":"2.0","id":2,"result":{"y":1.00}}');
  expect(heard).toEqual([
    '{"method":"notifications/progress","params":{"progress":1e0,"progressToken":"t"}}',
    '{"jsonrpc":"2.0","id":"a","result":{"y":1.00}}',
  ]);
});

test('the end of a subscription names it as its client does', () => {
  const { upstream, say } = start();
  const heard: string[] = [];
  const method = 'subscriptions/listen';
  upstream.send({ ...call('{"id":"sub"}', '"sub"', heard), method });
  upstream.send({ ...call('{"id":"other"}', '"other"', heard), method });
  say(
    '{"id":1,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":1,"a":1.0},"resultType":"complete"}}',
  );
  say('{"id":2,"result":{"resultType":"complete"}}');
  expect(heard).toEqual([
    '{"id":"sub","result":{"_meta":{"io.modelcontextprotocol/subscriptionId":"sub","a":1.0},"resultType":"complete"}}',
    '{"id":"other","result":{"resultType":"complete"}}',
  ]);
});

test('answers to nobody, or a second time, go to nobody', () => {
  const { upstream, say } = start();
  const heard: string[] = [];
  upstream.send(call('{"id":5}', '5', heard));
  for (const id of ['5', '"1"', '2', '1', '1', 'null']) say(`{"id":${id},"result":{}}`);
  expect(heard).toEqual(['{"id":5,"result":{}}']);
});

test('after its end every request is answered, but not before its number is known', async () => {
  const { upstream, end } = start();
  const heard: string[] = [];
  upstream.send(call('{"id":"in flight"}', '"in flight"', heard));
  end();
  expect(heard).toHaveLength(1);
  const number = upstream.send(call('{"id":"late"}', '"late"', heard));
  expect([number, heard.length]).toEqual([2, 1]);
  await Promise.resolve();
  expect(heard[1]).toContain('exited with code 3');
});
