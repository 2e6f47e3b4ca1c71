/** One HTTP answer as it was read off a connection. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** False when the bytes end in the middle of it. */
  readonly isComplete: boolean;
}

/** Reads what a server said on one connection; throws an Error at the first byte that is no HTTP. */
export function readAnswers(bytes: Buffer, isHead = false): HttpAnswer[] {
  const answers: HttpAnswer[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return answers;
    const { status, headers } = readHead(rest.toString('latin1', 0, end));
    rest = rest.subarray(end + 4);
    const hasBody = !isHead && status >= 200 && status !== 204 && status !== 304;
    const { body, isComplete, used } = hasBody ? readBody(rest, headers) : nothing;
    answers.push({ status, headers, body, isComplete });
    rest = rest.subarray(used);
    if (!isComplete) return answers;
  }
  return answers;
}

const nothing = { body: Buffer.alloc(0), isComplete: true, used: 0 };

function readHead(head: string): Pick<HttpAnswer, 'status' | 'headers'> {
  const [first = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) [\w '-]*$/.exec(first)?.[1];
  if (status === undefined) throw new Error(`not the first line of an answer: ${first}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([\w-]+): ([^\r\n]*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`not a header: ${line}`);
    headers.set(name.toLowerCase(), value);
  }
  return { status: Number(status), headers };
}

interface ReadBody extends Pick<HttpAnswer, 'body' | 'isComplete'> {
  readonly used: number;
}

function readBody(bytes: Buffer, headers: ReadonlyMap<string, string>): ReadBody {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes);
  const length = Number(headers.get('content-length') ?? bytes.length);
  const body = bytes.subarray(0, length);
  return { body, isComplete: body.length === length, used: body.length };
}

function readChunks(bytes: Buffer): ReadBody {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    const whole = { body: Buffer.concat(chunks), used: bytes.length };
    if (end === -1) return { ...whole, isComplete: false };
    const size = bytes.toString('latin1', at, end);
    if (!/^[\da-f]+$/i.test(size)) throw new Error(`not the size of a chunk: ${size}`);
    const from = end + 2;
    at = from + Number.parseInt(size, 16) + 2;
    if (at > bytes.length) return { ...whole, isComplete: false };
    if (size === '0') return { ...whole, isComplete: true, used: at };
    chunks.push(bytes.subarray(from, at - 2));
  }
}
