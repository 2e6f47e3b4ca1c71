import {
  ConflictError,
  EngineError,
  EngineUnreachableError,
  McpdError,
  NotFoundError,
} from '../../errors.ts';

/** Gives the promise's value; throws our classes instead of the client's errors. */
export async function translate<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw toMcpdError(error);
  }
}

/** True when the engine answered with one of these HTTP statuses. */
export function hasStatus(error: unknown, ...statuses: number[]): boolean {
  const status = statusOf(error);
  return status !== undefined && statuses.includes(status);
}

/** Decides by HTTP status and errno, never by the words of a message. */
export function toMcpdError(error: unknown): McpdError {
  if (error instanceof McpdError) return error;
  const status = statusOf(error);
  if (status !== undefined) return answered(status, error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && socketCodes.has(code)) {
    return code === 'EACCES'
      ? forbidden(error)
      : unreachable('No container engine answers.', error);
  }
  return new EngineError(`The engine call failed: ${messageOf(error)}`, {
    code: 'ENGINE_ERROR',
    suggestions: ['mcpd doctor'],
    cause: error,
  });
}

export function unreachable(message: string, cause?: unknown): EngineUnreachableError {
  return new EngineUnreachableError(message, {
    code: 'ENGINE_UNREACHABLE',
    suggestions: [
      'start Docker: systemctl start docker',
      'set DOCKER_HOST, or docker context use NAME, if the engine is elsewhere',
      'mcpd doctor',
    ],
    cause,
  });
}

// ECONNRESET and EPIPE: the engine went away under a running call.
const socketCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

function forbidden(cause: unknown): EngineUnreachableError {
  return new EngineUnreachableError('You may not talk to the container engine.', {
    code: 'ENGINE_FORBIDDEN',
    suggestions: ['run mcpd as root', 'sudo usermod -aG docker "$USER", then log in again'],
    cause,
  });
}

function answered(status: number, cause: unknown): McpdError {
  const message = `The engine says: ${messageOf(cause)}`;
  const suggestions = ['mcpd plan, for what is not as it should be', 'mcpd up'];
  if (status === 404)
    return new NotFoundError(message, { code: 'ENGINE_NOT_FOUND', suggestions, cause });
  if (status === 409)
    return new ConflictError(message, { code: 'ENGINE_CONFLICT', suggestions, cause });
  return new EngineError(message, {
    code: 'ENGINE_ERROR',
    suggestions: ['mcpd doctor', 'journalctl -u docker, for what the engine knows of it'],
    cause,
  });
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

// docker-modem prefixes the engine's words with "(HTTP code 404) no such container - ".
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const status = statusOf(error);
  const reason =
    'reason' in error && typeof error.reason === 'string' ? error.reason : 'unexpected';
  const prefix = `(HTTP code ${status}) ${reason} - `;
  const text = error.message.startsWith(prefix)
    ? error.message.slice(prefix.length)
    : error.message;
  return text.trim();
}
