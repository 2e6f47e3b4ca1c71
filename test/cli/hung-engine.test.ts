import { describe, expect, test } from 'vitest';
import { HungEngine } from '../support/hung-engine.ts';
import { words } from '../support/lines.ts';
import { Desk } from './desk.ts';

/** They want to know what runs. */
const asking = [
  'user show bob',
  'server list',
  'server show bob/memory',
  'status',
  'ports --all',
] as const;
const silent = [
  'user list',
  'connect bob',
  'capacity',
  'report bob',
  'audit --control',
  'metrics',
] as const;
const needing = ['stats --no-stream', 'logs bob', 'plan'] as const;

describe.each([
  ['takes connections and says nothing', { answersPing: false }],
  ['answers a ping and nothing else', { answersPing: true }],
])('an engine that %s', (_, options) => {
  async function run<Command extends string>(commands: readonly Command[]) {
    await using engine = await HungEngine.start(options);
    using desk = new Desk();
    Object.assign(desk.env, engine.env);
    desk.addUsers('bob');
    return await Promise.all(
      commands.map(async (command) => {
        const { code, stderr } = await desk.run(words(command));
        return { command, code, stderr };
      }),
    );
  }

  test('keeps no read waiting for more than a few seconds: they tell what the registry knows', async () => {
    const stderr = 'The engine did not answer within 5 s. States are unknown.\n';
    expect(await run([...asking, ...silent])).toEqual([
      ...asking.map((command) => ({ command, code: 0, stderr })),
      ...silent.map((command) => ({ command, code: 0, stderr: '' })),
    ]);
  });

  test('is an error to what needs it', async () => {
    expect((await run(needing)).map(({ code }) => code)).toEqual([5, 5, 5]);
  });
});
