import { expect, test } from 'vitest';
import { renderProblem } from '../../../src/render/problem.ts';
import { styleFor } from '../../../src/render/style.ts';

const red = '\u001b[31m';

test.each([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a terminal under NO_COLOR', true, { NO_COLOR: '1' }, false],
  ['a terminal that knows no colours', true, { TERM: 'dumb' }, false],
  ['a pipe under FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
  ['a pipe under FORCE_COLOR and NO_COLOR', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('on %s', (_where, isTTY, env, isColoured) => {
  expect(styleFor({ isTTY }, env).red('x').startsWith(red)).toBe(isColoured);
});

test('an error says what to try, one step a line', () => {
  const style = styleFor({ isTTY: false }, {});
  const problem = { code: 'X', message: 'It broke.', suggestions: ['mcpd doctor', 'mcpd up'] };
  expect(renderProblem(problem, style)).toBe(
    'Error: It broke.\n\nTry this:\n  mcpd doctor\n  mcpd up',
  );
  expect(renderProblem({ ...problem, suggestions: [] }, style)).toBe('Error: It broke.');
});

test('a server’s log in an error can’t drive the terminal', () => {
  const message = 'It is broken. Last lines:\n\u001b]0;title\u0007\u001b[2Jtext';
  const problem = { code: 'X', message, suggestions: [] };
  const shown = renderProblem(problem, styleFor({ isTTY: false }, {}));
  expect(shown).toBe('Error: It is broken. Last lines:\n?]0;title??[2Jtext');
});
