import * as z from 'zod';

/** A user's, a group's or a server's name. */
export const nameText = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, {
  error: ({ input }) =>
    `"${String(input)}" is not a name; use lower-case letters, digits and dashes, beginning with a letter, at most 31`,
});
