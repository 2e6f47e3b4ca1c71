import * as z from 'zod';

export const operationResult = z.object({
  type: z.string(),
  subject: z.string(),
  cause: z.string(),
});
