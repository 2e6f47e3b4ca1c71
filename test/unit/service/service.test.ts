import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { resolveHome } from '../../../src/config/home.ts';
import { installService } from '../../../src/service/install.ts';
import { parseStates } from '../../../src/service/load-state.ts';
import { removeService } from '../../../src/service/remove.ts';
import { showService } from '../../../src/service/status.ts';
import type { Systemd } from '../../../src/service/systemd.ts';

let folder = '';
let notices: string[] = [];

beforeEach(() => {
  // Not in /tmp, where a program would not be safe.
  const parent = join(homedir(), '.cache');
  mkdirSync(parent, { recursive: true });
  folder = realpathSync(mkdtempSync(join(parent, 'mcpd-service-')));
  for (const name of ['node', 'run.js']) {
    writeFileSync(join(folder, name), '');
    // Whatever the umask.
    chmodSync(join(folder, name), 0o755);
  }
  notices = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function host() {
  const env = { XDG_CONFIG_HOME: folder, HTTPS_PROXY: 'http://who:secret@proxy' };
  const uid = process.getuid?.() ?? 0;
  const progress = { notice: (line: string) => void notices.push(line) };
  return { home: resolveHome(env, uid), env, uid, progress };
}

const units = () => join(folder, 'systemd/user');
const program = () => [join(folder, 'node'), join(folder, 'run.js')] as const;
const request = () => ({ program: program(), print: false, root: undefined });

/** A manager that does at once what it is told. */
class FakeSystemd implements Systemd {
  readonly manager = 'user';
  readonly isRunning: boolean;
  readonly told: string[][] = [];
  readonly enabled = new Set<string>();
  readonly active = new Set<string>();
  /** As after a command that was killed when it had written units. */
  isBehind = false;

  constructor({ isRunning = true } = {}) {
    this.isRunning = isRunning;
  }

  async call(args: readonly string[]): Promise<string> {
    const [verb, ...rest] = args;
    const names = rest.filter((word) => !word.startsWith('-'));
    if (verb === 'show') return names.map((name) => this.#show(name)).join('\n');
    this.told.push([...args]);
    if (verb === 'daemon-reload') this.isBehind = false;
    if (verb === 'enable') for (const name of names) this.enabled.add(name);
    if (verb === 'start') for (const name of names) this.active.add(name);
    if (verb === 'disable') {
      for (const name of names) {
        if (!existsSync(join(units(), name))) throw new Error(`there is no ${name} to disable`);
        this.enabled.delete(name);
        this.active.delete(name);
      }
    }
    return '';
  }

  #show(name: string): string {
    const state = this.enabled.has(name) ? 'enabled' : 'disabled';
    const active = this.active.has(name) ? 'active' : 'inactive';
    return `Result=success\nExecMainStatus=0\nId=${name}\nActiveState=${active}\nUnitFileState=${state}\nNeedDaemonReload=${this.isBehind ? 'yes' : 'no'}\n`;
  }
}

describe('service install', () => {
  test('what a killed install had begun to write goes with the next, and with remove; drop-ins stay', async () => {
    mkdirSync(units(), { recursive: true });
    const [begun, other] = ['mcpd-gc.timer.0123456789ab', 'mcpd-gc.timer.d'];
    for (const command of [installService, removeService]) {
      for (const name of [begun, other]) writeFileSync(join(units(), name), '');
      await command(host(), request(), new FakeSystemd());
      expect(readdirSync(units())).toContain(other);
      expect(readdirSync(units())).not.toContain(begun);
    }
  });

  test('writes, enables and starts; the same again changes nothing', async () => {
    const systemd = new FakeSystemd();
    const first = await installService(host(), request(), systemd);
    expect(first.changed).toBe(true);
    expect(first.commands.map((command) => command.split(' ')[1])).toEqual([
      'daemon-reload',
      'enable',
      'start',
    ]);
    expect(readdirSync(units()).toSorted()).toEqual(first.units.map(({ name }) => name).toSorted());
    const again = await installService(host(), request(), systemd);
    expect(again).toMatchObject({ changed: false, commands: [] });
    expect(await showService(host(), program(), systemd)).toMatchObject({ installed: true });
  });

  test('tells systemd of units that a killed install had written', async () => {
    const systemd = new FakeSystemd();
    await installService(host(), request(), systemd);
    systemd.isBehind = true;
    const { commands } = await installService(host(), request(), systemd);
    expect(commands).toEqual(['systemctl daemon-reload']);
  });

  test('mends what was changed, disabled or stopped', async () => {
    const systemd = new FakeSystemd();
    const { units: written } = await installService(host(), request(), systemd);
    const [one] = written;
    writeFileSync(one?.path ?? '', `${one?.text}Nice=5\n`);
    systemd.active.delete('mcpd-gc.timer');
    const status = await showService(host(), program(), systemd);
    expect(status.installed).toBe(false);
    expect(status.units.map(({ file }) => file).filter((file) => file !== 'same')).toEqual([
      'different',
    ]);
    systemd.told.length = 0;
    const { units: mended } = await installService(host(), request(), systemd);
    expect(mended.filter((unit) => unit.written).map(({ name }) => name)).toEqual([one?.name]);
    expect(readFileSync(one?.path ?? '', 'utf8')).toBe(one?.text);
    expect(systemd.told).toEqual([['daemon-reload'], ['start', '--no-block', 'mcpd-gc.timer']]);
  });

  test('never replaces or removes what somebody else wrote', async () => {
    const systemd = new FakeSystemd();
    mkdirSync(units(), { recursive: true });
    writeFileSync(join(units(), 'mcpd.service'), '[Unit]\n');
    await expect(installService(host(), request(), systemd)).rejects.toMatchObject({
      code: 'UNIT_EXISTS',
      exitCode: 4,
    });
    expect(readdirSync(units())).toEqual(['mcpd.service']);
    expect(await removeService(host(), request(), systemd)).toMatchObject({ changed: false });
    expect(readdirSync(units())).toEqual(['mcpd.service']);
    expect(notices).toHaveLength(1);
    expect(systemd.told).toEqual([]);
  });

  test('without systemd says what to call instead, and writes nothing', async () => {
    const systemd = new FakeSystemd({ isRunning: false });
    const failure = installService(host(), request(), systemd);
    await expect(failure).rejects.toMatchObject({ code: 'NO_SYSTEMD', exitCode: 8 });
    await expect(failure).rejects.toMatchObject({
      suggestions: expect.arrayContaining([expect.stringContaining('mcpd prepare')]) as string[],
    });
    expect(existsSync(units())).toBe(false);
    const printed = await installService(host(), { ...request(), print: true }, systemd);
    expect(printed.changed).toBe(false);
    expect(existsSync(units())).toBe(false);
  });

  test('lets nothing be started that others could change', async () => {
    const systemd = new FakeSystemd();
    mkdirSync(join(folder, 'open'), { mode: 0o777 });
    // Whatever the umask.
    const file = join(folder, 'open/run.js');
    writeFileSync(file, '');
    chmodSync(join(folder, 'open'), 0o777);
    const open = { ...request(), program: [program()[0], file] as const };
    await expect(installService(host(), open, systemd)).rejects.toMatchObject({
      code: 'PROGRAM_UNSAFE',
      exitCode: 8,
    });
    expect(existsSync(units())).toBe(false);
  });

  test('lets no file be started that others could write to, wherever it is', async () => {
    chmodSync(program()[0], 0o775);
    await expect(installService(host(), request(), new FakeSystemd())).rejects.toMatchObject({
      code: 'PROGRAM_UNSAFE',
      message: expect.stringContaining('writable by others') as string,
    });
    expect(existsSync(units())).toBe(false);
  });

  test('puts no address of a proxy, which may hold a password, into a unit', async () => {
    const { units: written } = await installService(host(), request(), new FakeSystemd());
    expect(written.map(({ text }) => text).join('\n')).not.toContain('secret');
  });

  test('gives units absolute paths: they begin in another folder', async () => {
    const { env, ...rest } = host();
    const here = { ...rest, env: { ...env, MCPD_KEY_FILE: 'keys/age', DOCKER_CONFIG: '' } };
    const { units: written } = await installService(here, request(), new FakeSystemd());
    expect(written[0]?.text).toContain(`MCPD_KEY_FILE=${join(process.cwd(), 'keys/age')}\n`);
    expect(written[0]?.text).not.toContain('DOCKER_CONFIG');
  });
});

test('service remove undoes install, and the same again changes nothing', async () => {
  const systemd = new FakeSystemd();
  await installService(host(), request(), systemd);
  systemd.told.length = 0;
  expect(await removeService(host(), request(), systemd)).toMatchObject({ changed: true });
  expect(systemd.told.map(([verb]) => verb)).toEqual(['disable', 'daemon-reload']);
  expect(readdirSync(units())).toEqual([]);
  expect(systemd.enabled.size + systemd.active.size).toBe(0);
  expect(await removeService(host(), request(), systemd)).toMatchObject({
    changed: false,
    commands: [],
  });
});

test('what systemd says of units is read by name', () => {
  const states = parseStates(
    'Id=a.service\nActiveState=failed\nResult=exit-code\nExecMainStatus=7\nUnitFileState=enabled\n\n' +
      'Result=success\nId=b.timer\nNeedDaemonReload=yes\nActiveState=active\nUnitFileState=\n',
  );
  expect(states.get('a.service')).toEqual({
    isEnabled: true,
    isStale: false,
    active: 'failed',
    result: 'exit-code',
    exitCode: 7,
  });
  expect(states.get('b.timer')).toEqual({
    isEnabled: false,
    isStale: true,
    active: 'active',
    result: 'success',
    exitCode: null,
  });
});
