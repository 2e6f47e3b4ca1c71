import { openRegistry } from '../../../../src/registry/database.ts';
import { withLease } from '../../../../src/registry/leases.ts';
import { currentHolder, isAlive } from '../../../../src/registry/processes.ts';
import { homeOf, waitForStart } from './home-of.ts';

using registry = openRegistry(homeOf(process.argv[2]));
await withLease(
  registry,
  {
    userName: 'bob',
    command: 'mcpd user update bob',
    wait: 0,
    holder: currentHolder(),
    probe: isAlive,
    delay: () => Promise.resolve(),
  },
  waitForStart,
);
