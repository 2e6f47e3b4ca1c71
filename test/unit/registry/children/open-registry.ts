import { openRegistry } from '../../../../src/registry/database.ts';
import { homeOf, waitForStart } from './home-of.ts';

await waitForStart();
using registry = openRegistry(homeOf(process.argv[2]));
process.stdout.write(registry.instance);
