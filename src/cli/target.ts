import * as z from 'zod';

const namePattern = /^[a-z][a-z0-9-]{0,30}$/;

/** A user, or one server of a user. */
export interface Target {
  readonly user: string;
  /** Undefined: all of the user's servers. */
  readonly server: string | undefined;
}

/** A user's or a server's name. */
export const nameText = z.string().transform((text, issue) => {
  if (namePattern.test(text)) return text;
  issue.addIssue(
    `"${text}" is not a name; use lower-case letters, digits and dashes, beginning with a letter, at most 31`,
  );
  return z.NEVER;
});

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
  const isServerNamed = server === undefined || namePattern.test(server);
  if (namePattern.test(user) && isServerNamed && rest.length === 0) return { user, server };
  issue.addIssue(`"${text}" is not a user (bob) or a server (bob/filesystem)`);
  return z.NEVER;
});

/** `bob/github`. */
export const serverTargetText = targetText.transform((target, issue) => {
  if (target.server !== undefined) return { user: target.user, server: target.server };
  issue.addIssue(`"${target.user}" is a user; name a server, as in ${target.user}/filesystem`);
  return z.NEVER;
});
