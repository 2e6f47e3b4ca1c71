import * as z from 'zod';
import { UsageError } from '../errors.ts';
import { argumentOf } from './flags.ts';

/** A secret's name. `NAME=value` is refused without repeating what may be the value. */
const secretNameText = z.string().transform((text) => {
  if (text.includes('=')) throw valueOnCommandLine();
  return text;
});

export const secretArgument = argumentOf(secretNameText);

/** Every process of the host can read a command line. */
export function valueOnCommandLine(): UsageError {
  return new UsageError('A secret’s value may not stand on the command line.', {
    code: 'SECRET_ON_COMMAND_LINE',
    suggestions: [
      'mcpd secret set USER NAME < file',
      'mcpd secret set USER NAME --from @file',
      'If it was a real value, replace it: it may be in your shell’s history.',
    ],
  });
}
