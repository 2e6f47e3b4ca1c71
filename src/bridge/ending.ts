import { rpcCodes, type RpcFailure } from '../mcp/jsonrpc.ts';

/** How a server process ended, with its last lines on stderr. */
export interface Ending {
  readonly cause:
    | { readonly kind: 'exit'; readonly code: number }
    | { readonly kind: 'signal'; readonly signal: string }
    | { readonly kind: 'out-of-memory' }
    | { readonly kind: 'unstartable'; readonly reason: string }
    | { readonly kind: 'line-too-long'; readonly lineBytes: number }
    | { readonly kind: 'closed-output' }
    | { readonly kind: 'bridge-failed' }
    | { readonly kind: 'silent' }
    | { readonly kind: 'stopped'; readonly reason: string };
  readonly stderr: readonly string[];
}

/** Tells an out-of-memory kill from another SIGKILL; 137 is what a shell or wrapper reports for it. */
export function readCause(
  code: number | null,
  signal: NodeJS.Signals | null,
  hasOomKill: boolean,
): Ending['cause'] {
  if (hasOomKill && (signal === 'SIGKILL' || code === 137)) return { kind: 'out-of-memory' };
  return signal ? { kind: 'signal', signal } : { kind: 'exit', code: code ?? 0 };
}

/** The error every request in flight is answered with. */
export function describeEnding({ cause, stderr }: Ending, memoryBytes: number): RpcFailure {
  const text = sentence(cause, memoryBytes);
  const tail = stderr.length > 0 ? `; its last output: ${stderr.join(' | ')}` : '';
  return {
    code: rpcCodes.serverFailed,
    message: cause.kind === 'stopped' ? text : `${text}${tail}`,
    data: { ...cause, ...(cause.kind === 'out-of-memory' ? { memoryBytes } : {}) },
  };
}

/** One word for `/readyz` and the log. */
export function nameEnding({ cause }: Ending): string {
  if (cause.kind === 'exit') return 'exited';
  return cause.kind === 'signal' ? 'killed' : cause.kind;
}

function sentence(cause: Ending['cause'], memoryBytes: number): string {
  switch (cause.kind) {
    case 'exit':
      return `the MCP server exited with code ${cause.code}`;
    case 'signal':
      return `the MCP server was ended by ${cause.signal}`;
    case 'out-of-memory':
      return `the MCP server ran out of memory (cap ${Math.round(memoryBytes / 2 ** 20)} MiB) and was killed`;
    case 'unstartable':
      return `the MCP server could not be started: ${cause.reason}`;
    case 'line-too-long':
      return `the MCP server wrote a message above ${cause.lineBytes} bytes and was stopped`;
    case 'closed-output':
      return 'the MCP server closed its output and was stopped';
    case 'bridge-failed':
      return 'the bridge failed on a message of the MCP server, which was stopped';
    case 'silent':
      return 'the MCP server did not answer initialize in time and was stopped';
    case 'stopped':
      return `the session was ended: ${cause.reason}`;
  }
}
