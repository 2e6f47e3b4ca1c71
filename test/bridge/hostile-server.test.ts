import { expect, test } from 'vitest';
import { unusedPort } from '../support/unused.ts';
import { startBridge, type Answer, type Setup, type TestBridge } from './harness.ts';
import { ask, follow, metaKey, stateless, tool } from './modern-client.ts';

const httpFixture = new URL('../fixtures/http-server.mjs', import.meta.url).pathname;

/** Values that can be read, but neither turned into a number or a text nor written again. */
const values: [string, string][] = [
  ['an object that says itself what it is as a text', '{"toString":1}'],
  ['an object that says itself what it is as a number', '{"valueOf":null,"toString":null}'],
  ['a list that is very deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
];

const subscription = metaKey('subscriptionId');

/** All that a server can say unasked with such a value where the bridge looks at it. */
function said(value: string): string {
  const messages = [
    ['progress', `{"progressToken":${value}}`],
    ['progress', `{"progressToken":1,"_meta":{"${subscription}":${value}}}`],
    ['message', `{"level":${value},"data":"x","_meta":{"${subscription}":${value}}}`],
    ['resources/updated', `{"uri":${value}}`],
    ['tools/list_changed', `{"_meta":{"${subscription}":${value}}}`],
    ['cancelled', `{"requestId":${value}}`],
    ['elicitation/complete', value],
  ];
  const lines = messages.map(
    ([method, params]) => `{"jsonrpc":"2.0","method":"notifications/${method}","params":${params}}`,
  );
  const answer = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"said"}]}}';
  return [...lines, `{"jsonrpc":"2.0","id":${value},"result":{}}`, answer].join('\n');
}

function textOf({ json, events }: Answer): string | undefined {
  return (json.result ?? events.at(-1)?.result)?.content?.[0]?.text;
}

function failures({ log }: TestBridge): string[] {
  return log.filter((line) => line.includes('could not be passed on') || line.includes('failed'));
}

const setups: [string, Setup][] = [
  ['a server of its own', {}],
  ['a server that sessions share', { server: { sessions: 'shared' } }],
];

for (const [what, value] of values) {
  test.each(setups)(
    `no message of a server breaks the bridge, with ${what}: %s`,
    async (_, setup) => {
      const bridge = await startBridge(setup);
      const session = await bridge.open();
      expect(textOf(await bridge.tool(session, 'raw', { line: said(value) }))).toBe('said');
      expect(textOf(await bridge.tool(session, 'echo', { text: 'still here' }))).toBe('still here');
      expect(failures(bridge)).toEqual([]);
    },
  );

  test(`nor for clients that keep no session, with ${what}`, async () => {
    const bridge = await startBridge();
    const notifications = { resourceSubscriptions: ['doc:///a'] };
    const listening = await follow(bridge, {
      method: 'subscriptions/listen',
      params: { notifications },
    });
    await listening.events(1);
    const asked = {
      ...tool('raw', { line: said(value) }),
      meta: { [metaKey('logLevel')]: 'debug' },
    };
    expect(textOf(await ask(bridge, asked))).toBe('said');
    expect(textOf(await ask(bridge, tool('echo', { text: 'still here' })))).toBe('still here');
    expect(failures(bridge)).toEqual([]);
    listening.destroy();
  });

  test(`nor does what a client says of itself, with ${what}`, async () => {
    const bridge = await startBridge();
    const { headers, body } = stateless({ method: 'tools/list', params: { '': 'HERE' } });
    const odd = String(body).replace('"HERE"', value);
    expect((await bridge.call({ body: odd, ...(headers ? { headers } : {}) })).status).toBe(200);
    const nested = stateless({ ...tool('echo', { text: 'hi' }), capabilities: { odd: 'HERE' } });
    const capable = String(nested.body).replace('"HERE"', value);
    expect(textOf(await bridge.call({ ...nested, body: capable }))).toBe('hi');
    expect(textOf(await ask(bridge, tool('echo', { text: 'still here' })))).toBe('still here');
    expect(failures(bridge)).toEqual([]);
  });
}

const head = 'Content-Type: application/json\r\nConnection: close\r\n\r\n{}';

test.each([
  ['099', head],
  ['000', head],
  ['101', head],
  ['101', 'Connection: upgrade\r\nUpgrade: other\r\n\r\nbytes'],
  ['600', head],
  ['999', head],
])(
  'an HTTP server that answers with the status %s is told of as broken: %j',
  async (status, rest) => {
    const http = { port: await unusedPort(), path: '/mcp' };
    const argv = [process.execPath, httpFixture];
    const bridge = await startBridge({ server: { argv, http } });
    const session = await bridge.open();
    const answer = await bridge.tool(session, 'wire', { text: `HTTP/1.1 ${status} X\r\n${rest}` });
    expect(answer.status).toBe(200);
    expect(answer.json.error?.message).toContain(`answered with HTTP ${Number(status)}`);
    expect(textOf(await bridge.tool(session, 'echo', { text: 'still here' }))).toBe('still here');
  },
);
