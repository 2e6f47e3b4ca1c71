/** Revisions with `initialize` and sessions, oldest first. */
export const sessionRevisions: readonly string[] = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
];

/** The only revision whose Streamable HTTP takes an array of messages. */
export const batchRevision = '2025-03-26';

/** From this one on clients read events without a message, which say where to come back to. */
export const primedRevision = '2025-11-25';

/** Header names as `node:http` gives them. */
export const mcpHeaders = {
  session: 'mcp-session-id',
  revision: 'mcp-protocol-version',
  lastEvent: 'last-event-id',
} as const;

/** What the bridge itself asks a server for. */
export const latestRevision = '2025-11-25';
