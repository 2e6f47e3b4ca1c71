import type { PrepareResult } from '../boot/prepare.ts';

export function renderPrepare({ users }: PrepareResult): string {
  const count = (outcome: string) => users.filter((user) => user.outcome === outcome).length;
  const parts = [
    [count('prepared'), 'ready for the engine to start'],
    [count('running'), 'running already'],
    [count('unwanted'), 'down or expired'],
  ] as const;
  const said = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return said.length === 0 ? 'No users yet.' : `Users: ${said.join(', ')}.`;
}
