import * as z from 'zod';
import { nameText } from '../name.ts';

/** A user, or one server of a user. */
export interface Target {
  readonly user: string;
  /** Undefined: all of the user's servers. */
  readonly server: string | undefined;
}

/** What groups users of one CI run: a pipeline's number, a commit. */
export const runIdText = z.string().transform((text, issue) => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  issue.addIssue(
    `"${text}" is not a run id; use letters, digits, dots, dashes and underscores, at most 64`,
  );
  return z.NEVER;
});

/** `bob` or `bob/github`. */
export const targetText = z.string().transform((text, issue): Target => {
  const [user = '', server, ...rest] = text.split('/');
  const isServerNamed = server === undefined || isName(server);
  if (isName(user) && isServerNamed && rest.length === 0) return { user, server };
  issue.addIssue(`"${text}" is not a user (bob) or a server (bob/filesystem)`);
  return z.NEVER;
});

/** `bob/github`. */
export const serverTargetText = targetText.transform((target, issue) => {
  if (target.server !== undefined) return { user: target.user, server: target.server };
  issue.addIssue(`"${target.user}" is a user; name a server, as in ${target.user}/filesystem`);
  return z.NEVER;
});

function isName(text: string): boolean {
  return nameText.safeParse(text).success;
}
