import { hostConfigSchema } from '../../../../src/config/schema.ts';
import { openRegistry } from '../../../../src/registry/database.ts';
import { addUser } from '../../../../src/registry/users.ts';
import { homeOf, waitForStart } from './home-of.ts';

await waitForStart();
using registry = openRegistry(homeOf(process.argv[2]));
const config = hostConfigSchema.parse({});
for (const part of ['a', 'b', 'c']) {
  addUser(
    registry,
    { name: `user-${process.argv[3]}-${part}`, limits: {}, egress: { profile: 'public' } },
    { config, isPortFree: () => true, takenSubnets: [], takenUids: [] },
  );
}
process.stdout.write('done');
