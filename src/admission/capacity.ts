import * as z from 'zod';
import type { Context } from '../context.ts';
import { hostMemory } from '../host/memory.ts';
import { readPromised } from './admit.ts';
import { promisedMemory } from './promised.ts';

export const capacityResult = z.object({
  memory: z
    .object({
      totalBytes: z.int().describe('what the host has'),
      capacityBytes: z.int().describe('what may be promised: admission.memoryShare of it'),
      promisedBytes: z.int().describe('caps of all servers that run, or should'),
      freeBytes: z.int().describe('what may still be promised; negative: too much was'),
    })
    .describe('in bytes'),
  cpus: z.number().describe('CPU caps together; more than there are is no error'),
  users: z.array(
    z.object({
      user: z.string(),
      group: z.string().nullable(),
      memoryBytes: z.int(),
      cpus: z.number(),
      running: z.int().describe('servers that run, or should'),
      servers: z.int(),
      mostServers: z.int().nullable(),
    }),
  ),
});

export type CapacityResult = z.infer<typeof capacityResult>;

/** What the host has, and who was promised what. */
export async function showCapacity(context: Context): Promise<CapacityResult> {
  const promised = await readPromised(context);
  const totalBytes = hostMemory();
  const capacityBytes = Math.floor(totalBytes * context.config.admission.memoryShare);
  const promisedBytes = promisedMemory(promised);
  return {
    memory: { totalBytes, capacityBytes, promisedBytes, freeBytes: capacityBytes - promisedBytes },
    cpus: Number(promised.reduce((sum, { cpus }) => sum + cpus, 0).toFixed(3)),
    users: promised.map(({ user, ...rest }) => ({
      user: user.name,
      group: user.group?.name ?? null,
      memoryBytes: rest.memoryBytes,
      cpus: rest.cpus,
      running: rest.running,
      servers: rest.servers,
      mostServers: rest.mostServers,
    })),
  };
}
