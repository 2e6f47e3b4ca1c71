import { expect, test } from 'vitest';
import { relatedRequest } from '../../../src/bridge/route.ts';

const request = (method: string, progressToken?: string, isOpen = true, isConnected = isOpen) => ({
  method,
  progressToken,
  reply: { isOpen, isConnected },
});
const notification = (method: string) =>
  ({ kind: 'notification', method, isAmbiguous: false }) as const;
const sampling = {
  kind: 'request',
  method: 'sampling/createMessage',
  id: 1,
  idText: '1',
  isAmbiguous: false,
} as const;

const first = request('tools/call', 'a');
const second = request('tools/call', 'b');
const opening = request('initialize');
const gone = request('tools/call', 'c', false);
const away = request('tools/call', 'd', true, false);

test('progress goes by its token and to nobody else', () => {
  const progress = notification('notifications/progress');
  const inFlight = [first, second, gone];
  const to = (progressToken?: string) =>
    relatedRequest(progress, { inFlight, progressToken, isHeard: true });
  expect(to('b')).toBe(second);
  expect(to('x')).toBeUndefined();
  expect(to('c')).toBeUndefined();
});

test.each([
  ['the only request in flight gets a log message', 'notifications/message', [first, gone], first],
  ['with two in flight it belongs to neither', 'notifications/message', [first, second], undefined],
  [
    'the only request in flight gets it also while its client is away',
    'notifications/x',
    [away],
    away,
  ],
  ['nothing belongs to initialize', 'notifications/message', [opening], undefined],
  [
    'news of the server belong to no request',
    'notifications/tools/list_changed',
    [first],
    undefined,
  ],
  ['nor do changed resources', 'notifications/resources/updated', [first], undefined],
])('%s', (_, method, inFlight, expected) => {
  const context = { inFlight, progressToken: undefined, isHeard: true };
  expect(relatedRequest(notification(method), context)).toBe(expected);
});

test.each([
  ['the only request in flight', [first], true, first],
  ['the GET stream when several are', [first, second], true, undefined],
  ['the newest when there is no GET stream', [first, second], false, second],
  ['the GET stream when the client of the only one is away', [away], true, undefined],
  ['the one whose client is there', [first, away], false, first],
  ['the only one, though its client is away, when there is no GET stream', [away], false, away],
  ['the GET stream, some day, when nothing is in flight', [gone], false, undefined],
])('a request of the server goes to %s', (_, inFlight, isHeard, expected) => {
  expect(relatedRequest(sampling, { inFlight, progressToken: undefined, isHeard })).toBe(expected);
});
