import type { Command } from '@oclif/core/command';
import * as z from 'zod';
import { NotFoundError } from '../errors.ts';
import { publicCommands } from './public-commands.ts';

type JsonSchema = Record<string, unknown>;

/** What a failed command prints under `--json`. */
const errorResult = z.object({
  error: z.object({
    code: z.string().describe('SCREAMING_SNAKE identifier'),
    message: z.string(),
    suggestions: z.array(z.string()).describe('next steps, best first'),
    problems: z
      .array(
        z.object({
          line: z.int().min(1),
          column: z.int().min(1),
          path: z
            .array(z.union([z.string(), z.int()]))
            .describe(
              'keys and indices that lead to it; empty: the text as a whole, or its syntax',
            ),
          message: z.string(),
        }),
      )
      .optional()
      .describe('of a document: everything that is wrong with it, by place'),
  }),
});

/** JSON Schema of the `--json` result of one command, named as typed: `user add`. */
export async function schemaOf(
  commands: readonly Command.Loadable[],
  name: string,
): Promise<JsonSchema> {
  const command = commands.find(({ id }) => id === name.replaceAll(' ', ':'));
  if (command) return jsonSchema(await resultOf(command));
  throw new NotFoundError(`There is no command "${name}".`, {
    code: 'COMMAND_NOT_FOUND',
    suggestions: ['mcpd --help'],
  });
}

/** JSON Schemas of all commands by name, and of what they print when they fail. */
export async function allSchemas(
  commands: readonly Command.Loadable[],
): Promise<{ commands: Record<string, JsonSchema>; error: JsonSchema }> {
  const byName = publicCommands(commands).map(async (command) => {
    return [command.id.replaceAll(':', ' '), jsonSchema(await resultOf(command))] as const;
  });
  return {
    commands: Object.fromEntries(await Promise.all(byName)),
    error: jsonSchema(errorResult),
  };
}

async function resultOf(command: Command.Loadable): Promise<z.ZodType> {
  const loaded: object = await command.load();
  if ('result' in loaded && loaded.result instanceof z.ZodType) return loaded.result;
  throw new TypeError(`${command.id} has no result schema`);
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'output' });
}
