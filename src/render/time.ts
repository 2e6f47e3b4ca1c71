/** `2026-01-31 14:05`, which is UTC, of an ISO 8601 time in UTC. */
export function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** `2026-01-31 14:05 UTC`, where no column says that all of it is. */
export function minuteUtc(time: string): string {
  return `${minute(time)} UTC`;
}
