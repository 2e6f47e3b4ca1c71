/** What MCP clients send; it takes both, and need not be taken apart. */
const usual = 'application/json, text/event-stream';

/** Whether an `Accept` header of a POST takes both kinds of answer. */
export function acceptsAnswers(header: string | undefined): boolean {
  return (
    header === usual ||
    (accepts(header, 'application/json') && accepts(header, 'text/event-stream'))
  );
}

/** Whether an `Accept` header takes a media type; ranges like `text/*` count, an absent header takes nothing. */
export function accepts(header: string | undefined, type: string): boolean {
  const [family] = type.split('/');
  const ranges = (header ?? '').toLowerCase().split(',');
  return ranges.some((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    return !isRefused && (name === type || name === `${family}/*` || name === '*/*');
  });
}

/** Whether a `Content-Type` header says JSON. */
export function isJson(header: string | undefined): boolean {
  if (header === 'application/json') return true;
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}
