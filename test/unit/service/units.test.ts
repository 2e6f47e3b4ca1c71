import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { renderUnits, type UnitInput } from '../../../src/service/units.ts';

const input: UnitInput = {
  manager: 'system',
  prefix: 'mcpd',
  home: '/var/lib/mcpd',
  program: ['/usr/bin/node', '/usr/lib/mcpd/bin/run.js'],
  env: { MCPD_KEY_FILE: '/etc/mcpd key' },
};

function textOf(name: string, change: Partial<UnitInput> = {}): string {
  const unit = renderUnits({ ...input, ...change }).find((one) => one.name === name);
  if (!unit) throw new Error(`there is no ${name}`);
  return unit.text;
}

function setting(text: string, name: string): string[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}=`));
  return lines.flatMap((line) => line.slice(name.length + 1).split(' '));
}

describe('the units', () => {
  test('prepare comes before the engine, and again with each start of it', () => {
    const text = textOf('mcpd-prepare.service');
    expect(setting(text, 'Before')).toEqual(['docker.service']);
    expect(setting(text, 'PartOf')).toEqual(['docker.service']);
    expect(setting(text, 'WantedBy')).toContain('docker.service');
    // A firewall that loads its rules flushes those of others.
    expect(setting(text, 'After')).toContain('nftables.service');
    // Whoever asked the engine there would wait for a unit that waits for this one.
    expect(setting(text, 'Wants')).toEqual([]);
    expect(setting(text, 'ExecStart')).toEqual([...input.program, 'prepare']);
  });

  test('up comes after the engine, again when that starts anew, and for nobody who is down', () => {
    const text = textOf('mcpd.service');
    expect(setting(text, 'After')).toEqual(
      expect.arrayContaining(['docker.service', 'network-online.target', 'mcpd-prepare.service']),
    );
    expect(setting(text, 'PartOf')).toEqual(['docker.service']);
    expect(setting(text, 'WantedBy')).toEqual(['multi-user.target', 'docker.service']);
    expect(setting(text, 'ExecStart')).toEqual([...input.program, 'up', '--leave-down']);
  });

  test('up follows each start and each reload of nftables', () => {
    const reloaded = textOf('mcpd.service');
    expect(setting(reloaded, 'ReloadPropagatedFrom')).toEqual(['nftables.service']);
    expect(setting(reloaded, 'ExecReload')).toEqual([...input.program, 'up', '--leave-down']);
    const started = textOf('mcpd-firewall.service');
    expect(setting(started, 'After')).toContain('nftables.service');
    expect(setting(started, 'WantedBy')).toEqual(['nftables.service']);
    expect(setting(started, 'ExecStart')).toEqual([...input.program, 'up', '--leave-down']);
    // Else it would be started once only.
    expect(setting(started, 'RemainAfterExit')).toEqual([]);
    expect(setting(started, 'StartLimitIntervalSec')).toEqual(['0']);
  });

  test('nothing stops or restarts with a firewall, since those stop one another', () => {
    const parts = renderUnits(input).flatMap(({ text }) => setting(text, 'PartOf'));
    expect(new Set(parts)).toEqual(new Set(['docker.service']));
  });

  test('up is tried again while no engine answers, and for nothing else that it tells', () => {
    const prevented = setting(textOf('mcpd.service'), 'RestartPreventExitStatus');
    const codes = Object.values(exitCodes).filter((code) => code !== 0);
    expect(prevented).not.toContain('5');
    const retried = codes.filter((code) => !prevented.includes(String(code)));
    expect(retried).toEqual([exitCodes.engineUnreachable]);
  });

  test('what is over is removed, and issuer keys are fetched, on timers', () => {
    expect(setting(textOf('mcpd-gc.service'), 'ExecStart')).toEqual([...input.program, 'gc']);
    expect(setting(textOf('mcpd-oidc.service'), 'ExecStart').slice(-2)).toEqual([
      'oidc',
      'refresh',
    ]);
    expect(setting(textOf('mcpd-gc.timer'), 'OnUnitInactiveSec')).toEqual(['5min']);
    const enabled = renderUnits(input).filter(({ isEnabled }) => isEnabled);
    expect(enabled.map(({ name }) => name)).toEqual([
      'mcpd-prepare.service',
      'mcpd.service',
      'mcpd-firewall.service',
      'mcpd-gc.timer',
      'mcpd-oidc.timer',
    ]);
    const staying = enabled.filter(({ stays }) => stays).map(({ name }) => name);
    expect(enabled.length - staying.length).toBe(1);
    expect(staying).not.toContain('mcpd-firewall.service');
  });

  test('an engine that somebody stopped is not started again by a timer', () => {
    const text = textOf('mcpd-gc.timer');
    expect(setting(text, 'PartOf')).toEqual(['docker.service']);
    expect(setting(text, 'WantedBy')).toEqual(['timers.target', 'docker.service']);
  });

  test('have no mounts of their own, which would hide those of workspaces from the host', () => {
    const all = renderUnits(input).map(({ text }) => text);
    expect(all.join('\n')).not.toMatch(/^(?:Protect|Private|ReadOnly|ReadWrite|Temporary|Bind)/m);
    expect(textOf('mcpd.service')).toContain('NoNewPrivileges=yes');
  });

  test('carry what leads to the home, its key and its engine', () => {
    expect(textOf('mcpd.service')).toContain('Environment="MCPD_KEY_FILE=/etc/mcpd key"');
    expect(textOf('mcpd.service')).toContain('RequiresMountsFor=/var/lib/mcpd');
  });

  test('of an account ask for nothing that only the machine has', () => {
    const texts = renderUnits({ ...input, manager: 'user' }).map(({ text }) => text);
    expect(texts.join('\n')).not.toMatch(/network-online|multi-user|CapabilityBoundingSet/);
    expect(setting(textOf('mcpd.service', { manager: 'user' }), 'WantedBy')).toContain(
      'default.target',
    );
  });
});
