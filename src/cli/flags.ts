import { custom as customArgument } from '@oclif/core/args';
import { boolean, custom, integer } from '@oclif/core/flags';
import type { CustomOptions, FlagDefinition } from '@oclif/core/interfaces';
import * as z from 'zod';
import { cpusetText } from '../policy/cpuset.ts';
import { egressText } from '../policy/egress.ts';
import { nameText } from '../name.ts';
import { limitsInput, memorySize, storageSize } from '../policy/limits.ts';
import { durationText } from './duration.ts';
import { parseText } from './parse.ts';
import { runIdText, serverTargetText, targetText } from './target.ts';

type SingleFlag<Output> = FlagDefinition<
  Output,
  CustomOptions,
  { multiple: false; requiredOrDefaulted: false }
>;

/** A flag whose value a schema parses. Not for lists: oclif makes those of `multiple`. */
export function flagOf<Output>(schema: z.ZodType<Output, string>): SingleFlag<Output> {
  const parse = async (text: string, _context: unknown, { name }: { name: string }) =>
    parseText(schema, text, `--${name}`);
  // oclif's types can't see that a generic Output is no array.
  return custom({ parse } as object) as SingleFlag<Output>;
}

/** An argument whose value a schema parses. */
export function argumentOf<Output>(schema: z.ZodType<Output, string>) {
  return customArgument<Output>({
    parse: async (text) => parseText(schema, text),
  });
}

export const numberText = z
  .string()
  .regex(/^\d+(?:\.\d+)?$/, { error: ({ input }) => `"${String(input)}" is not a number` })
  .transform(Number);

const reasonText = z.string().trim().min(1, 'say why').max(500, 'at most 500 characters');

export const userArgument = argumentOf(nameText);
export const groupArgument = argumentOf(nameText);
export const targetArgument = argumentOf(targetText);
export const serverArgument = argumentOf(serverTargetText);

export const yes = boolean({ char: 'y', summary: "Don't ask." });

export const timeout = flagOf(durationText)({
  summary: 'How long to wait until servers are ready.',
  default: 120_000,
  defaultHelp: async () => '2m',
  helpValue: 'DURATION',
});

export const parallel = parallelBy(4);

export const oneByOne = parallelBy(1);

function parallelBy(usual: number) {
  return integer({
    summary: 'How many users at once.',
    min: 1,
    max: 64,
    default: usual,
    helpValue: 'N',
  });
}

export const ttl = flagOf(durationText)({
  summary: 'End its tokens after this long, e.g. 30m; `mcpd gc` then removes it.',
  helpValue: 'DURATION',
});

export const runId = flagOf(runIdText)({
  summary: 'What groups the users of one CI run, e.g. the pipeline’s number.',
  helpValue: 'ID',
});

export const ofRun = flagOf(runIdText)({
  summary: 'Only the users of this CI run.',
  helpValue: 'ID',
});

export const egress = flagOf(egressText)({
  summary: 'What its servers may reach: public, none, open or allow:host[:port],cidr,…',
  helpValue: 'PROFILE',
});

/** The caps of one server, as `--memory`, `--cpus`, `--cpuset` and `--pids`, and the quota of the workspace. */
export const limitFlags = {
  memory: flagOf(memorySize)({
    summary: 'Memory cap of each server, e.g. 512m.',
    helpValue: 'SIZE',
  }),
  cpus: flagOf(numberText.pipe(limitsInput.shape.cpus.unwrap()))({
    summary: 'CPU cap of each server, e.g. 0.5.',
    helpValue: 'N',
  }),
  cpuset: flagOf(cpusetText)({
    summary: 'Processors that each server may run on, e.g. 0-3,6.',
    helpValue: 'LIST',
  }),
  pids: flagOf(numberText.pipe(limitsInput.shape.pids.unwrap()))({
    summary: 'Process cap of each server.',
    helpValue: 'N',
  }),
  storage: flagOf(storageSize)({
    summary: 'Quota of the workspace, e.g. 2g; 0 for none.',
    helpValue: 'SIZE',
  }),
};

export const group = flagOf(nameText)({
  summary: 'Group whose policy holds for the user.',
  helpValue: 'NAME',
});

export const approve = flagOf(reasonText)({
  summary: 'Why the user may have a template that is too risky for them; for administrators.',
  helpValue: 'REASON',
});
