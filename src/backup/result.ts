import * as z from 'zod';

const noticeResult = z.object({ path: z.string(), what: z.string() });

export const noticesResult = z.object({
  first: z.array(noticeResult).describe('at most 50'),
  count: z.int(),
});

export const backupResult = z.object({
  file: z.string().nullable().describe('null: it went to stdout'),
  bytes: z.int().describe('size of the encrypted file'),
  whole: z.boolean().describe('settings, groups, and the key of tokens are in it too'),
  takenAt: z.iso.datetime(),
  users: z.array(
    z.object({
      user: z.string(),
      files: z.int().describe('files, folders and links of the workspace'),
      bytes: z.int().describe('in them'),
    }),
  ),
  notices: noticesResult.describe('files that were left out, or changed while they were read'),
});

export type BackupResult = z.infer<typeof backupResult>;

export const keygenResult = z.object({
  file: z.string().describe('holds the private key; whoever has it opens the backups'),
  recipient: z.string().describe('what backups are made for'),
});

export type KeygenResult = z.infer<typeof keygenResult>;

const remappedResult = z.array(z.object({ what: z.string(), from: z.string(), to: z.string() }));

export const restoreResult = z.object({
  changed: z.boolean(),
  dryRun: z.boolean().describe('the backup was read to its end, and nothing was changed'),
  takenAt: z.iso.datetime(),
  home: z
    .enum(['same', 'taken over', 'another'])
    .describe('taken over: this home was empty and is the one of the backup now'),
  settings: z.enum(['restored', 'kept']),
  users: z.array(
    z.object({
      user: z.string(),
      id: z.string(),
      uid: z.int(),
      ports: z.object({ start: z.int(), end: z.int() }),
      subnet: z.string(),
      servers: z.array(z.object({ name: z.string(), port: z.int() })),
      secrets: z.array(z.string()).describe('names'),
      tokens: z
        .enum(['kept', 'not kept'])
        .describe('kept: those of the backup work, also ones that were revoked since'),
      remapped: remappedResult.describe('what is not as it was, because it is taken here'),
    }),
  ),
  expired: z.array(z.string()).describe('left out: their time was over'),
  groups: z.array(z.string()).describe('that were made'),
  notices: noticesResult,
});

export type RestoreResult = z.infer<typeof restoreResult>;

export const moveResult = z.object({
  changed: z.boolean(),
  before: z.object({ name: z.string(), home: z.string() }),
  home: z.string().describe('where they are now; what follows is of there'),
  user: z.string(),
  id: z.string(),
  uid: z.int(),
  ports: z.object({ start: z.int(), end: z.int() }),
  subnet: z.string(),
  workspace: z.string(),
  servers: z.array(z.object({ name: z.string(), port: z.int() })),
  secrets: z.array(z.string()).describe('names'),
  tokens: z.literal('not kept').describe('every home signs its own'),
  remapped: remappedResult.describe('what is not as it was, because it is taken there'),
  groups: z.array(z.string()).describe('that were made there'),
  left: z
    .string()
    .nullable()
    .describe('workspace that --workspace chose: copied, and left as it is'),
  notices: noticesResult,
});

export type MoveResult = z.infer<typeof moveResult>;
