import { join, resolve } from 'node:path';
import { resolveHome, type Home } from '../config/home.ts';
import type { Context } from '../context.ts';
import { accountFolder, xdgFolder } from '../host/account-folder.ts';
import { renderUnits, type Unit } from './units.ts';
import type { Systemd } from './systemd.ts';

/** What starts mcpd here: the Node that runs now, and the launcher; both absolute, behind links. */
export type Program = readonly [node: string, launcher: string];

export interface Place {
  readonly home: string;
  /** Where the units belong. */
  readonly folder: string;
  readonly units: readonly Unit[];
}

interface PlaceOptions {
  readonly manager: Systemd['manager'];
  readonly program: Program;
  /** What stands for `/`, such as the root of an image that is being built. */
  readonly root: string;
}

/** The units that this home should have, and where. */
export function unitsHere(
  { home, env, uid }: Pick<Context, 'home' | 'env' | 'uid'>,
  { manager, program, root }: PlaceOptions,
): Place {
  const folder =
    manager === 'system'
      ? '/etc/systemd/system'
      : join(
          xdgFolder(env, 'XDG_CONFIG_HOME') ?? join(accountFolder() ?? '/', '.config'),
          'systemd/user',
        );
  const isUsual = home.root === resolveHome({}, uid).root;
  const units = renderUnits({
    manager,
    prefix: isUsual ? 'mcpd' : `mcpd-${nameOf(home)}`,
    home: home.root,
    program,
    env: { ...(isUsual ? {} : { MCPD_HOME: home.root }), ...needed(env) },
  });
  return { home: home.root, folder: join(root, folder), units };
}

/** `/srv/team a` → `srv-team-a` */
function nameOf({ root }: Home): string {
  return root.replaceAll(/[^\w.]+/g, '-').replaceAll(/^-|-$/g, '');
}

/** Where the key and the engine are. No secret is in these; a proxy's address may hold one, so it isn't here. */
const variables = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_TLS_VERIFY'];

/** Units begin elsewhere, so that a relative path would lead them to another file. */
const paths = ['MCPD_KEY_FILE', 'DOCKER_CONFIG', 'DOCKER_CERT_PATH'];

function needed(env: NodeJS.ProcessEnv): Record<string, string> {
  const given = [...variables, ...paths].flatMap((name) => {
    const value = env[name];
    return value ? [[name, paths.includes(name) ? resolve(value) : value] as const] : [];
  });
  return Object.fromEntries(given);
}
