import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { prepareUsers } from '../../../src/boot/prepare.ts';
import type { Context } from '../../../src/context.ts';
import { renameUser } from '../../../src/registry/rename.ts';
import { getUser, removeUser } from '../../../src/registry/users.ts';
import { settledHome } from '../user/settled-home.ts';

test('who gets another name meanwhile is prepared, and who is removed is no failure', async () => {
  using home = await settledHome(['ann', 'bob']);
  const { registry, config, progress } = home.context;
  const folder = home.runtimeOf('bob');
  rmSync(folder, { recursive: true });
  const context: Context = {
    ...home.context,
    progress: {
      ...progress,
      beside: () => {
        removeUser(registry, getUser(registry, 'ann').id, { keepUid: false, config });
        renameUser(registry, getUser(registry, 'bob').id, 'robert');
        return progress;
      },
    },
  };
  expect((await prepareUsers(context, [])).users).toEqual([
    { user: 'ann', outcome: 'prepared', changed: false },
    { user: 'bob', outcome: 'prepared', changed: true },
  ]);
});
