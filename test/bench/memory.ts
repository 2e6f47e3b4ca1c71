import { compareRow, forEach, nodeServer, starts } from './contestants.ts';
import { EchoClient } from './echo-clients.ts';
import type { Row } from './report.ts';
import { memoryMib } from './running.ts';
import { callFor } from './tool-calls.ts';

const seconds = 8;

/** Memory of each before and after calls of 8 clients; one runs at a time, since PSS divides what is shared. */
export async function benchMemory(): Promise<Row[]> {
  const memory = await forEach(async (name) => {
    await using running = await starts[name](nodeServer);
    const idle = await memoryMib(running.pid);
    const clients = await Promise.all(Array.from({ length: 8 }, () => EchoClient.open(running)));
    await callFor(clients, seconds);
    const loaded = await memoryMib(running.pid);
    await Promise.all(clients.map((client) => client.close()));
    return { idle, loaded };
  });
  const figures = (when: 'idle' | 'loaded') => forEach(async (name) => memory[name][when]);
  const format = (mib: number): string => `${Math.round(mib)} MiB`;
  const shared = { format, isAbsolute: true } as const;
  return [
    compareRow({
      what: 'memory (PSS), idle',
      figures: await figures('idle'),
      budget: { atMost: 32 },
      ...shared,
    }),
    compareRow({
      what: 'memory (PSS), after calls of 8 clients',
      figures: await figures('loaded'),
      budget: { atMost: 45 },
      ...shared,
    }),
  ];
}
