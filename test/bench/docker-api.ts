import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

const socketPath = '/var/run/docker.sock';

interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: object;
}

/** One call of the engine's API over its socket, with nothing in between. Rejects on an error status. */
export async function docker<Answer>(
  path: string,
  { method = 'GET', body }: Call = {},
): Promise<Answer> {
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
  };
  const outgoing = request({ socketPath, path: `/v1.41${path}`, method, headers });
  outgoing.end(content);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const answer = await text(response);
  const status = response.statusCode ?? 0;
  if (status >= 400) throw new Error(`${method} ${path}: ${status} ${answer}`);
  return (answer === '' ? undefined : JSON.parse(answer)) as Answer;
}
