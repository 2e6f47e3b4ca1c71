import { expect, test } from 'vitest';
import { accepts, isJson } from '../../../src/bridge/negotiation.ts';

test.each([
  ['application/json', true],
  ['text/html, application/json;q=0.5', true],
  ['APPLICATION/JSON', true],
  ['application/*', true],
  ['*/*;q=0.1', true],
  ['application/json;q=0', false],
  ['application/json; q=0.000', false],
  ['application/jsonp', false],
  ['text/*', false],
  ['', false],
  [undefined, false],
])('Accept %s takes JSON: %s', (header, expected) => {
  expect(accepts(header, 'application/json')).toBe(expected);
});

test.each([
  ['application/json', true],
  ['Application/JSON; charset=utf-8', true],
  ['application/json-patch+json', false],
  ['text/plain; application/json', false],
  [undefined, false],
])('Content-Type %s is JSON: %s', (header, expected) => {
  expect(isJson(header)).toBe(expected);
});
