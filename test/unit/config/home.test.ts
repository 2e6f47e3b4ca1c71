import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveHome } from '../../../src/config/home.ts';

describe('resolveHome', () => {
  it('gives root the machine’s home and run-time folder', () => {
    expect(resolveHome({}, 0)).toMatchObject({
      root: '/var/lib/mcpd',
      runtime: '/run/mcpd',
      isDefault: true,
    });
  });

  it('gives an account a home below its own state', () => {
    const env = { XDG_STATE_HOME: '/home/ann/.state', XDG_RUNTIME_DIR: '/run/user/1000' };
    expect(resolveHome(env, 1000)).toMatchObject({
      root: '/home/ann/.state/mcpd',
      runtime: '/run/user/1000/mcpd',
    });
  });

  it('calls only root’s home the default: accounts that share an engine must not share names', () => {
    expect(resolveHome({}, 1000).isDefault).toBe(false);
    expect(resolveHome({ MCPD_HOME: '/srv/other' }, 0).isDefault).toBe(false);
  });

  it('takes one path for one home, however it is written', () => {
    expect(resolveHome({ MCPD_HOME: '/var/lib//mcpd/' }, 0)).toEqual(resolveHome({}, 0));
    expect(resolveHome({ MCPD_HOME: 'lab' }, 0).root).toBe(join(process.cwd(), 'lab'));
  });

  it('refuses MCPD_HOME without a value: what was meant is not the machine’s home', () => {
    expect(() => resolveHome({ MCPD_HOME: '' }, 0)).toThrow('MCPD_HOME is empty.');
  });

  it.each(['', 'state'])(
    'keeps nothing in the folder where it is run: XDG folders of "%s"',
    (value) => {
      const env = { XDG_STATE_HOME: value, XDG_RUNTIME_DIR: value };
      expect(resolveHome(env, 1000)).toEqual(resolveHome({}, 1000));
    },
  );
});
