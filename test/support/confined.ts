import { renderUnits } from '../../src/service/units.ts';

const [unit] = renderUnits({
  manager: 'system',
  prefix: 'mcpd',
  home: '/var/lib/mcpd',
  program: ['/usr/bin/node', '/usr/lib/mcpd/bin/run.js'],
  env: {},
});
const [, capabilities = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(unit?.text ?? '') ?? [];
const names = capabilities.split(' ').map((name) => name.toLowerCase().replace('cap_', '+'));

/** A command that runs another one with no more rights than systemd gives to mcpd's units. */
export const confined: readonly string[] = [
  'setpriv',
  '--no-new-privs',
  `--bounding-set=${['-all', ...names].join(',')}`,
];
