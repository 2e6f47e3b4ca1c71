import * as z from 'zod';

/** One request of a client, as the bridge recorded it. */
export const auditLineResult = z.object({
  time: z.string().describe('when the request came, ISO 8601 with milliseconds'),
  requestId: z.string().describe('unique; the server gets it too, where it speaks HTTP'),
  user: z.string().describe('whose server it is'),
  server: z.string().describe('name of the server'),
  token: z.object({ id: z.string(), subject: z.string() }).describe('who asked, by their token'),
  session: z.string().nullable().describe('a label of the session, not its id'),
  method: z.string().describe('method of MCP; `unread`: refused before the body was read'),
  target: z.string().nullable().describe('tool, prompt, or URI of the resource without its query'),
  shape: z.unknown().describe('of the arguments: their names, and types in place of values'),
  outcome: z
    .enum(['ok', 'error', 'refused', 'cancelled', 'lost'])
    .describe('`refused`: not passed on; `lost`: the server ended before it answered'),
  code: z
    .union([z.number(), z.literal('isError')])
    .nullable()
    .describe('code of the JSON-RPC error, or `isError` for a tool’s own'),
  ms: z.number().describe('from the request to its answer, milliseconds'),
  bytesIn: z.number().describe('size of the request'),
  bytesOut: z.number().describe('size of the answer'),
  previous: z.string().describe('`hash` of the line before, base64url'),
  hash: z.string().describe('SHA-256 of the line’s text before `,"hash":`, base64url'),
});

const changeValue = z.unknown();

/** One command that was to change something. */
export const controlLineResult = z.object({
  time: z.string().describe('when the command ended, or was found to be gone'),
  id: z.string().describe('unique'),
  began: z.string().describe('when it began'),
  actor: z
    .object({ user: z.string(), uid: z.int(), sudoUser: z.string().nullable() })
    .describe('who ran it: OS account, and who became it with sudo'),
  command: z.string().describe('as typed; of flags only the names'),
  object: z.string().nullable().describe('what it was about: a user, server or other name'),
  outcome: z
    .enum(['ok', 'refused', 'failed', 'unfinished'])
    .describe('how it ended; `unfinished`: it was killed'),
  code: z.string().nullable().describe('of the error'),
  changed: z.boolean().nullable().describe('as the command says; null when it doesn’t'),
  changes: z
    .array(z.object({ what: z.string(), before: changeValue, after: changeValue }))
    .describe(
      'rows of the registry about its users and groups, before and after; of `up`, `down` and `apply` also what was done, and why',
    ),
  previous: z
    .string()
    .nullable()
    .describe('`hash` of the line before; null for a killed command until the next one writes it'),
  hash: z.string().nullable().describe('as above'),
});

export type ControlLine = z.infer<typeof controlLineResult>;

export const auditResult = z.object({
  records: z.array(z.union([auditLineResult, controlLineResult])),
});

export const auditVerifyResult = z.object({
  intact: z.boolean(),
  chains: z.array(
    z.object({
      name: z.string().describe('user/server, `control`, or folder of a removed user’s server'),
      files: z.int(),
      lines: z.int(),
      broken: z
        .object({ file: z.string(), line: z.int(), reason: z.string() })
        .nullable()
        .describe('the first line that is not as it was written'),
    }),
  ),
});

export type AuditVerifyResult = z.infer<typeof auditVerifyResult>;
export type ChainReport = AuditVerifyResult['chains'][number];
