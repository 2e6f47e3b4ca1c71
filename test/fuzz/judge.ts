import { hash } from 'node:crypto';
import { toSingleLine } from '../../src/mcp/lines.ts';
import { readAnswers, type HttpAnswer } from './answers.ts';
import type { Outcome } from './exchange.ts';
import type { Input } from './inputs.ts';

const expected = new Set(
  [[100, 200, 202, 204, 400, 401, 403, 404, 405, 406, 408, 413, 415, 417, 429, 431]].flat(),
);
/** The only reasons to be busy that a server which starts and ends as it should gives. */
const busy = new Set([
  'every session is in use; end one or try again',
  'the bridge is reading too many bodies',
]);

/** What is wrong with how the bridge took an input; undefined when nothing is. */
export function judge(input: Input, outcome: Outcome): string | undefined {
  if (outcome.isStuck) return 'neither answered nor closed';
  try {
    const isHead = input.pieces[0]?.toString('latin1', 0, 5) === 'HEAD ';
    const answers = readAnswers(outcome.bytes, isHead);
    const finals = answers.filter(({ status }) => status >= 200);
    if (input.ending === 'answer' && finals.length !== 1) return `${finals.length} answers`;
    for (const answer of answers) {
      const problem = checkAnswer(answer) ?? checkHash(input, answer);
      if (problem !== undefined) return problem;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkAnswer({ status, headers, body, isComplete }: HttpAnswer): string | undefined {
  const text = body.toString('utf8');
  const isText = headers.get('content-type') === 'text/plain';
  if (status === 503 && !isText && isComplete) {
    const { error } = JSON.parse(text) as { error?: { message: string } };
    return busy.has(error?.message ?? '') ? undefined : `status 503: ${text}`;
  }
  if (!expected.has(status) && !(status === 503 && isText)) return `status ${status}: ${text}`;
  // RFC 9110, 8.6.
  if ((status === 204 || status < 200) && headers.has('content-length')) {
    return `an answer ${status} with a Content-Length`;
  }
  if (isComplete && headers.get('content-type') === 'application/json') JSON.parse(text);
  return undefined;
}

/** The server hashed the line it got, so that a changed byte, or another message's answer, shows. */
function checkHash({ body }: Input, { body: answer }: HttpAnswer): string | undefined {
  if (!body || answer[0] !== 0x7b) return undefined;
  const { result } = JSON.parse(answer.toString('utf8')) as { result?: { hash?: string } };
  if (result?.hash === undefined) return undefined;
  return result.hash === hash('sha256', toSingleLine(body), 'base64url')
    ? undefined
    : 'the server got another line than was sent';
}
