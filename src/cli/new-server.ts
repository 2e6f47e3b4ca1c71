import * as z from 'zod';
import { argumentOf } from './flags.ts';
import { nameText } from '../name.ts';

/** `bob/memory`, or `bob/` and the path of a template folder: `bob//etc/templates/github`, `bob/./github`. */
const newServerText = z.string().transform((text, issue) => {
  const slash = text.indexOf('/');
  const user = nameText.safeParse(text.slice(0, Math.max(slash, 0)));
  const template = text.slice(slash + 1);
  if (slash > 0 && user.success && template !== '') return { user: user.data, template };
  issue.addIssue(`"${text}" is not USER/TEMPLATE, as in bob/memory`);
  return z.NEVER;
});

export const newServerArgument = argumentOf(newServerText);
